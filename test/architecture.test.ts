import { describe, expect, it } from "vitest";
import { type Import, importsOf } from "./source-code/imports.ts";
import { placeOf, readSourceFiles, type SourceFile, sourceFile } from "./source-code/source-file.ts";

/**
 * Holds `src/` to ARCHITECTURE.md. The lists in this file are the only place where an exception is made; a path that
 * ends with `/` is a folder. Unit tests are not held to these rules.
 */

const FOLDERS = ["core", "vault", "store", "upstream", "gateway", "http", "server", "client", "cli"];

const MAY_REVEAL_SECRETS = [
  "src/cli/commands/serve.ts", // the setup token, printed once
  "src/cli/commands/vault.ts", // a new encryption key, printed because it was asked for
  "src/cli/demo/demo-client.ts", // keys that the demo made
  "src/cli/demo/demo-story.ts", // keys that the demo made
  "src/cli/rest-client.ts", // the admin token of a request
  "src/core/header-values.ts", // bytes to be sealed
  "src/core/headers-provider.ts", // the token in a link's fragment
  "src/core/key-issuer.ts", // the beginning of a virtual key, kept to tell keys apart
  "src/http/admin-tokens.ts", // a new admin token, shown once
  "src/http/sign-in/issuer.ts", // the client secret, for the issuer's token endpoint
  "src/http/oauth/provider.ts", // a new access or refresh token, handed to the library
  "src/http/system.ts", // a new admin token, shown once
  "src/http/users.ts", // the token of an invitation, in its link, shown once
  "src/http/virtual-keys.ts", // a new virtual key, shown once
  "src/store/postgres/open.ts", // the address of the database, with its password
  "src/upstream/control-value.ts", // the shape of a value, for one that is wrong
  "src/upstream/inject.ts", // the headers of one request
  "src/upstream/scrub.ts", // what to look for in an answer
  "src/vault/key-text.ts", // the encryption key, decoded
  "src/vault/vault.ts", // the digest of a token
];
const MAY_READ_THE_CLOCK = ["src/server/"];
const MAY_START_TIMERS = ["src/server/", "src/upstream/egress/"];
const MAY_DRAW_RANDOMNESS = ["src/server/"];
const MAY_READ_THE_ENVIRONMENT = ["src/server/config.ts", "src/server/config/", "src/cli.ts", "src/cli/"];
const MAY_OPEN_SOCKETS = ["src/upstream/egress/", "src/server/", "src/cli/demo.ts", "src/cli/demo/"];
// The issuer of single sign-on is named by the operator, never by a caller, and may be in a private network.
const MAY_FETCH = [...MAY_OPEN_SOCKETS, "src/http/sign-in/issuer.ts", "src/cli/rest-client.ts"];

const SOCKET_MODULES = /^(?:(?:node:)?(?:net|tls|http|https|http2|dgram|dns|dns\/promises)|undici)$/;

const sources = readSourceFiles("src").filter((file) => !file.path.endsWith(".test.ts"));

interface Rule {
  /** What breaks the rule in one file: `src/core/a.ts:3 does something`. */
  readonly find: (file: SourceFile) => string[];
  /** Files and folders that are exempt. */
  readonly except?: readonly string[];
  /** A file that breaks the rule, so that a rule that finds nothing is itself found. */
  readonly broken: readonly [path: string, text: string];
}

function rule(sentence: string, { find, except = [], broken }: Rule): void {
  const isExempt = (path: string): boolean =>
    except.some((entry) => (entry.endsWith("/") ? path.startsWith(entry) : path === entry));

  it(sentence, () => {
    expect(find(sourceFile(...broken)), "the rule does not notice its own counterexample").not.toEqual([]);
    expect(isExempt(broken[0]), "the counterexample is exempt").toBe(false);

    expect(sources.filter((file) => !isExempt(file.path)).flatMap(find)).toEqual([]);
  });
}

/** Breaks of a pattern in the code, comments and strings left out. */
function occurrences(pattern: RegExp, what: string): Rule["find"] {
  return (file) => [...file.code.matchAll(pattern)].map((match) => `${placeOf(file, match.index)} ${what}`);
}

function imports(isForbidden: (imported: Import, file: SourceFile) => boolean): Rule["find"] {
  return (file) =>
    importsOf(file)
      .filter((imported) => isForbidden(imported, file))
      .map((imported) => `${imported.place} imports ${imported.specifier}`);
}

/** `core` of `src/core/secret.ts`, nothing of an entry file such as `src/core.ts`, of a package or of `migrations/`. */
function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function leavesItsFolder(imported: Import, file: SourceFile): boolean {
  const to = folderOf(imported.target);
  return imported.target.startsWith("src/") && to !== "core" && to !== folderOf(file.path);
}

function within(...folders: readonly string[]): (find: Rule["find"]) => Rule["find"] {
  return (find) => (file) => (folders.includes(folderOf(file.path) ?? "") ? find(file) : []);
}

describe("folders", () => {
  rule("src holds only the folders of the architecture", {
    find: ({ path }) => {
      const folder = folderOf(path);
      return folder === undefined || FOLDERS.includes(folder) ? [] : [`${path} is in an unknown folder`];
    },
    broken: ["src/misc/a.ts", ""],
  });

  rule("file names are kebab-case", {
    find: ({ path }) => (/\/[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/.test(path) ? [] : [`${path} is not kebab-case`]),
    broken: ["src/core/headerName.ts", ""],
  });

  rule("no folder or file has a name that says nothing", {
    find: ({ path }) => (/\/(?:utils?|helpers?|common|managers?|services?)(?:\/|\.ts$)/.test(path) ? [path] : []),
    broken: ["src/core/utils/a.ts", ""],
  });
});

describe("imports point inward", () => {
  rule("core imports nothing but core: no package, no node module, no other folder", {
    find: within("core")(imports(({ target }) => folderOf(target) !== "core")),
    broken: ["src/core/a.ts", `import { readFileSync } from "node:fs";`],
  });

  rule("vault, store and upstream import core and their own folder", {
    find: within("vault", "store", "upstream")(imports(leavesItsFolder)),
    broken: ["src/store/sqlite/a.ts", `import { open } from "../../vault/envelope.ts";`],
  });

  rule("gateway and http import core and their own folder", {
    find: within("gateway", "http")(imports(leavesItsFolder)),
    broken: ["src/http/a.ts", `import { start } from "../server/lifecycle.ts";`],
  });

  rule("cli imports core, client and its own folder", {
    find: within("cli")(
      imports((imported, file) => folderOf(imported.target) !== "client" && leavesItsFolder(imported, file)),
    ),
    broken: ["src/cli/a.ts", `import { start } from "../server/lifecycle.ts";`],
  });

  rule("client imports its own types and openapi-fetch: it runs in browsers too", {
    find: within("client")(
      imports(({ target, specifier }) => folderOf(target) !== "client" && specifier !== "openapi-fetch"),
    ),
    broken: ["src/client/a.ts", `import { KeywardError } from "../core/errors.ts";`],
  });

  rule("gateway and http do not import each other", {
    find: (file) => [
      ...within("gateway")(imports(({ target }) => folderOf(target) === "http"))(file),
      ...within("http")(imports(({ target }) => folderOf(target) === "gateway"))(file),
    ],
    broken: ["src/gateway/a.ts", `export { page } from "../http/pages.ts";`],
  });

  rule("nothing imports an entry file", {
    find: imports(({ target }) => /^src\/[^/]+$/.test(target)),
    broken: ["src/server/a.ts", `import { HeadersProvider } from "../core.ts";`],
  });
});

describe("one door to the network", () => {
  rule("sockets, HTTP and DNS are reached only where the egress guard or a listener is", {
    find: imports(
      ({ specifier, isTypeOnly }, file) =>
        SOCKET_MODULES.test(specifier) && !(isTypeOnly && ["gateway", "http"].includes(folderOf(file.path) ?? "")),
    ),
    except: MAY_OPEN_SOCKETS,
    broken: ["src/gateway/a.ts", `import { request } from "node:http";`],
  });

  rule("fetch, WebSocket and EventSource are used only there and in the CLI's REST client", {
    find: occurrences(
      /(?:(?<![.\w$#])|\bglobalThis\s*\.\s*)(?:fetch\s*\(|(?:WebSocket|EventSource)\b)/g,
      "opens a connection of its own",
    ),
    except: MAY_FETCH,
    broken: ["src/cli/servers.ts", `const answer = await fetch(url);`],
  });
});

describe("errors", () => {
  rule("an error is thrown with a code of the closed list, never bare", {
    find: occurrences(/\bthrow\s+new\s+Error\b/g, "throws a bare Error"),
    broken: ["src/core/a.ts", `throw new Error("no");`],
  });
});

describe("secrets", () => {
  const reveals = occurrences(/\.\s*reveal\s*\(/g, "reveals a secret");

  rule("only the listed files reveal a secret", {
    find: reveals,
    except: MAY_REVEAL_SECRETS,
    broken: ["src/http/a.ts", `log(token.reveal());`],
  });

  it("every file that may reveal a secret still does", () => {
    const revealing = sources.filter((file) => reveals(file).length > 0).map(({ path }) => path);
    expect(MAY_REVEAL_SECRETS.filter((path) => !revealing.includes(path))).toEqual([]);
  });
});

describe("time, randomness and environment are arguments", () => {
  rule("the clock is read only in server: elsewhere take it from the Clock port", {
    find: occurrences(/\bDate\s*\.\s*now\b|\bnew\s+Date\b(?!\s*\(\s*[^\s)])/g, "reads the clock"),
    except: MAY_READ_THE_CLOCK,
    broken: ["src/http/a.ts", `const at = new Date();`],
  });

  rule("timers are started only in server: elsewhere take them from the Clock port", {
    find: (file) => [
      ...occurrences(/(?:(?<![.\w$#])|\bglobalThis\s*\.\s*)(?:setTimeout|setInterval)\b/g, "starts a timer")(file),
      ...imports(({ specifier }) => /^(?:node:)?timers(?:\/promises)?$/.test(specifier))(file),
    ],
    except: MAY_START_TIMERS,
    broken: ["src/gateway/a.ts", `setTimeout(retry, 1_000);`],
  });

  rule("Math.random is used nowhere", {
    find: occurrences(/\bMath\s*\.\s*random\b/g, "uses Math.random"),
    broken: ["src/server/a.ts", `const jitter = Math.random();`],
  });

  rule("random bytes are drawn only in server: elsewhere take them from the Random port", {
    find: occurrences(
      /\b(?:randomBytes|randomUUID|randomInt|randomFill(?:Sync)?|getRandomValues)\b/g,
      "draws randomness",
    ),
    except: MAY_DRAW_RANDOMNESS,
    broken: ["src/vault/a.ts", `const iv = crypto.randomBytes(12);`],
  });

  rule("the environment is read only by the configuration and the CLI", {
    find: (file) => [
      ...occurrences(/\bprocess\s*\.\s*env\b/g, "reads the environment")(file),
      ...imports(({ specifier }) => /^(?:node:)?process$/.test(specifier))(file),
    ],
    except: MAY_READ_THE_ENVIRONMENT,
    broken: ["src/store/a.ts", `const url = process.env["DATABASE_URL"];`],
  });
});

describe("exports and types", () => {
  rule("nothing is exported as default", {
    find: occurrences(/\bexport\s+default\b|\bas\s+default\b/g, "exports a default"),
    broken: ["src/core/a.ts", `export default function f() {}`],
  });

  rule("nothing is exported by star: a public name is added on purpose", {
    find: occurrences(/\bexport\s*\*/g, "exports everything"),
    broken: ["src/core.ts", `export * from "./core/secret.ts";`],
  });

  rule("nothing is typed any", {
    find: occurrences(/(?:[:<|&=,(]|\bas|\bextends)\s*any\s*(?:[[\]>,;)=|&{}]|$)/gm, "is typed any"),
    broken: ["src/core/a.ts", `function parse(input: any) {}`],
  });
});
