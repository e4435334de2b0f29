import { monitorEventLoopDelay } from "node:perf_hooks";
import { loadConfig } from "../src/server/config/config.ts";
import { startServer } from "../src/server/lifecycle.ts";
import { createLogger } from "../src/server/log.ts";
import { systemClock, systemRandom } from "../src/server/system.ts";
import { answerParent, startArguments } from "./measured.ts";

/*
 * Keyward as `keyward serve` runs it, with the default log: level info, one JSON object a line, to standard error. Where
 * that goes is the parent's to say.
 */

export interface KeywardArguments {
  /** Its whole configuration. */
  readonly env: Readonly<Record<string, string>>;
}

const { env } = await startArguments<KeywardArguments>();
const config = loadConfig({ flags: { port: "0" }, env, configPath: null });
const running = await startServer(config, {
  clock: systemClock,
  random: systemRandom,
  logger: createLogger({ level: config.logLevel, format: "json" }),
});
process.once("SIGTERM", () => {
  // Its own connections to the bench are idle by now; nothing has to be waited for.
  running.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});

const delay = monitorEventLoopDelay({ resolution: 1 });

answerParent(
  { url: running.publicUrl },
  {
    watchLoop: () => {
      delay.reset();
      delay.enable();
    },
    /** Longest time in milliseconds that the event loop stood still since `watchLoop`. */
    longestBlock: () => {
      delay.disable();
      return delay.max / 1e6;
    },
  },
);
