import { spawn } from "node:child_process";

/**
 * A shell that knows which processes the demo has started, and ends them when the demo is gone, however it went: the
 * pipe between them closes then, also after kill -9. It asks first and insists after two seconds.
 */
const SCRIPT = `
trap '' INT TERM HUP
pids=' '
while read -r sign pid; do
  case $sign in
    +) pids="$pids$pid " ;;
    -) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -TERM "$pid" 2>/dev/null; done
for pid in $pids; do
  tries=0
  while [ $tries -lt 20 ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL "$pid" 2>/dev/null
done
exit 0
`;

export interface Warden extends AsyncDisposable {
  watch(pid: number): void;
  /** It has ended: its number may soon be somebody else's. */
  forget(pid: number): void;
}

export const startWarden = (): Warden => {
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "roadstream-demo-warden"], {
    // In a session of its own, Ctrl-C in the demo's terminal does not reach it.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const gone = new Promise<void>((resolve) => {
    shell.once("exit", () => resolve());
    shell.once("error", () => resolve());
  });
  shell.stdin.on("error", () => undefined);
  return {
    watch: (pid) => void shell.stdin.write(`+ ${pid}\n`),
    forget: (pid) => void shell.stdin.write(`- ${pid}\n`),
    [Symbol.asyncDispose]: async () => {
      shell.stdin.end();
      await gone;
    },
  };
};
