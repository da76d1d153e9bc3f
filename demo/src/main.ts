import { loadRoute } from "@roadstream/hardware/adapters";
import { isRoadstreamError } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { join } from "node:path";
import { openDemoFolder } from "./adapters/demo-folder.ts";
import { freePort } from "./adapters/free-port.ts";
import { httpMeter } from "./adapters/http-meter.ts";
import { processLauncher } from "./adapters/process-launcher.ts";
import { loggerScreen, plainScreen, terminalScreen } from "./adapters/terminal-screen.ts";
import { startWarden } from "./adapters/shell-warden.ts";
import { checkTrip, demoCommand, type DemoValues } from "./config.ts";
import { judgeRun, type Verdict } from "./judge-run.ts";
import { PathRun } from "./path-run.ts";
import { demoPaths, type DemoPaths } from "./plan/demo-paths.ts";
import { pathPlan, type PathPlan } from "./plan/path-plan.ts";
import { stageEnvironment } from "./plan/stage-environment.ts";
import type { Screen } from "./ports.ts";
import { CounterBook } from "./progress/counter-book.ts";
import { givenAgain, nextCommands, standpoint, type NextCommands } from "./summary/command-lines.ts";
import { demoReport } from "./summary/demo-report.ts";
import { styleFor, type Style } from "./summary/style.ts";
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

interface Ending {
  readonly values: DemoValues;
  readonly context: ProcessContext;
  readonly paths: DemoPaths;
  readonly plan: PathPlan;
  readonly path: PathRun;
  readonly screen: Screen;
  readonly style: Style;
}

const tellVerdict = (verdict: Verdict, ending: Ending): ExitCode => {
  const { values, context, paths, plan, path, screen, style } = ending;
  const { elapsedS } = path.progress();
  const code = context.judged(verdict.ok ? EXIT_CODES.done : EXIT_CODES.defect);
  if (values.json) context.print(`${JSON.stringify(demoReport({ verdict, values, elapsedS, paths }))}\n`);
  else {
    const next = commandsToCopy(plan, path, context);
    screen.note(summaryText({ verdict, trips: plan.trips, elapsedS, pace: values.pace, next, style }));
  }
  return code;
};

const tellStop = ({ context, plan, path, screen, style }: Ending): ExitCode => {
  screen.note(stoppedText(path.progress(), commandsToCopy(plan, path, context), style));
  return EXIT_CODES.done;
};

const loadRoad = async (values: DemoValues, context: ProcessContext) => {
  if (values.route === null) return null;
  const file = context.path(values.route);
  return { file, road: await loadRoute(file) };
};

const main = async (values: DemoValues, context: ProcessContext): Promise<ExitCode> => {
  const { clock, env, signal } = context;
  checkTrip(values);
  const route = await loadRoad(values, context);
  const paths = demoPaths(context.path(values.data));
  const screen = openScreen(values, context);
  const style = styleFor({ isTerminal: process.stderr.isTTY, env });
  const note = (text: string): void => screen.note(text);
  using folder = await openDemoFolder({ paths, reset: values.reset, clock, note });
  await using warden = startWarden();
  const book = new CounterBook();
  const mqttPort = await freePort();
  const plan = pathPlan({ values, paths, program: PROGRAM, mqttPort, route, known: folder.vehicles, book });
  const cwd = context.path(".");
  const launcher = processLauncher({ warden, env: stageEnvironment(env, cwd), cwd, output: paths.output });
  const { restart } = values;
  const writeRun = folder.writeRun.bind(folder);
  const parts = { launcher, clock, screen, meter: httpMeter, book, restart, writeRun };
  await using path = new PathRun(parts, plan.specs);
  const ending = { values, context, paths, plan, path, screen, style };
  // What comes now comes below the last progress.
  signal.addEventListener("abort", () => screen.close(), { once: true });
  try {
    note(welcomeText({ trips: plan.trips, pace: values.pace, folder: paths.folder, style }));
    await path.start(signal);
    // A person at a terminal sees it start; the line is for programs.
    if (!process.stderr.isTTY) context.ready({ listen: plan.input.mqttUrl, data: paths.folder });
    await path.drive(signal);
    await path.settle(signal);
    await path.stop("done");
    screen.close();
    note("\nThe trip is over. Asking the lake what came of it …");
    return tellVerdict(await judgeRun({ launcher, input: plan.input, path, book, signal }), ending);
  } catch (error) {
    if (!signal.aborted || !isRoadstreamError(error, "aborted")) throw error;
    await path.stop("asked");
    return tellStop(ending);
  }
};

await runProcess({ stage: "demo", command: demoCommand, argv: process.argv.slice(2), judges: true, main });
