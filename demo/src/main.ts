import { loadRoute } from "@roadstream/hardware/adapters";
import { isRoadstreamError } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { join } from "node:path";
import { openDemoFolder } from "./adapters/demo-folder.ts";
import { freePort } from "./adapters/free-port.ts";
import { httpMeter } from "./adapters/http-meter.ts";
import { processLauncher } from "./adapters/process-launcher.ts";
import { loggerScreen, plainScreen, terminalScreen } from "./adapters/screens.ts";
import { startWarden } from "./adapters/warden.ts";
import { checkTrip, demoCommand, type DemoValues } from "./config.ts";
import { judgeRun } from "./judge-run.ts";
import { PathRun } from "./path-run.ts";
import { demoPaths } from "./plan/demo-paths.ts";
import { pathPlan, type PathPlan } from "./plan/path-plan.ts";
import { stageEnvironment } from "./plan/stage-environment.ts";
import type { Screen } from "./ports.ts";
import { CounterBook } from "./progress/counter-book.ts";
import { givenAgain, nextCommands, standpoint, type NextCommands } from "./summary/command-lines.ts";
import { demoReport } from "./summary/demo-report.ts";
import { styleFor } from "./summary/style.ts";
import { stoppedText } from "./summary/stopped-text.ts";
import { summaryText } from "./summary/summary-text.ts";
import { welcomeText } from "./summary/welcome-text.ts";

const PROJECT = join(import.meta.dirname, "../..");
const PROGRAM = join(PROJECT, "bin/roadstream");

const openScreen = (values: DemoValues, { clock, logger }: ProcessContext): Screen => {
  if (values.logFormat === "json") return loggerScreen(clock, logger);
  if (process.stderr.isTTY) return terminalScreen(process.stderr);
  return plainScreen(clock, (text) => void process.stderr.write(text));
};

const commandsToCopy = (plan: PathPlan, path: PathRun, context: ProcessContext): NextCommands => {
  const [car] = path.cars;
  const boot = car?.supervisor.boots.at(-1);
  return nextCommands(
    standpoint({ env: context.env, folder: context.path("."), projectFolder: PROJECT, program: PROGRAM }),
    {
      ...plan.input,
      given: givenAgain(process.argv.slice(2)),
      recordId: car === undefined || boot === undefined ? null : `${car.trip.vehicle}/${boot}/gps_data/1`,
    },
  );
};

const main = async (values: DemoValues, context: ProcessContext): Promise<ExitCode> => {
  const { clock, env, signal } = context;
  const beganAt = clock.uptime();
  checkTrip(values);
  const file = values.route === null ? null : context.path(values.route);
  const route = file === null ? null : { file, road: await loadRoute(file) };
  const paths = demoPaths(context.path(values.data));
  const screen = openScreen(values, context);
  const style = styleFor({ isTerminal: process.stderr.isTTY, env });
  const note = (text: string): void => screen.note(text);
  using folder = await openDemoFolder({ paths, reset: values.reset, clock, note });
  await using warden = startWarden();
  const book = new CounterBook();
  const mqttPort = await freePort();
  const known = folder.vehicles;
  const plan = pathPlan({ values, paths, program: PROGRAM, mqttPort, route, known, book });
  const standsAt = context.path(".");
  const stageEnv = stageEnvironment(env, standsAt);
  const launcher = processLauncher({ warden, env: stageEnv, cwd: standsAt, output: paths.output });
  const { restart } = values;
  const writeRun = folder.writeRun.bind(folder);
  const parts = { launcher, clock, screen, meter: httpMeter, book, restart, writeRun };
  await using path = new PathRun(parts, plan.specs);
  try {
    note(welcomeText({ trips: plan.trips, pace: values.pace, folder: paths.folder, style }));
    await path.start(signal);
    // A person at a terminal sees it start; the line is for programs.
    if (!process.stderr.isTTY) context.ready({ listen: plan.input.mqttUrl, data: paths.folder });
    await path.drive(signal);
    await path.settle(signal);
    await path.stop("done");
    screen.close();
    const verdict = await judgeRun({ launcher, input: plan.input, path, book, signal });
    const elapsedS = (clock.uptime() - beganAt) / 1000;
    const { pace } = values;
    if (values.json) context.print(`${JSON.stringify(demoReport({ verdict, values, elapsedS, paths }))}\n`);
    else
      note(
        summaryText({
          verdict,
          trips: plan.trips,
          elapsedS,
          pace,
          next: commandsToCopy(plan, path, context),
          style,
        }),
      );
    return verdict.ok ? EXIT_CODES.done : EXIT_CODES.defect;
  } catch (error) {
    if (!signal.aborted || !isRoadstreamError(error, "aborted")) throw error;
    await path.stop("asked");
    screen.close();
    note(stoppedText(path.progress(), commandsToCopy(plan, path, context), style));
    return EXIT_CODES.done;
  }
};

await runProcess({ stage: "demo", command: demoCommand, argv: process.argv.slice(2), main });
