import type { ConfigFlag } from "../../cli/runtime.ts";
import { flagOf, OPTION_NAMES, OPTIONS } from "./options.ts";

/** The options that may be given on the command line. Secrets are not among them. */
export const CONFIG_FLAGS: readonly ConfigFlag[] = OPTION_NAMES.flatMap((name) => {
  const { argument, summary, defaultText, defaultMeaning, scope } = OPTIONS[name];
  if (argument === null) {
    return [];
  }
  const usage = `${flagOf(name)} ${argument}`;
  return { name, usage, summary, scope, defaultMeaning: (defaultText ?? defaultMeaning).replaceAll("`", "") };
});
