import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { argumentsOf, copiesOf, environmentOf, type Stage, stagesOf } from "../../scripts/dockerfile.ts";
import { isOptionName } from "../../src/server/config/options.ts";

/*
 * There is no container engine where these tests run: what can be read of Dockerfile and compose.yaml is held here, and
 * `npm run check:container` starts what the image would hold, as its user.
 */

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
const DOCKERFILE = read("Dockerfile");
const manifest = JSON.parse(read("package.json")) as { readonly files: readonly string[] };
const runtime = JSON.parse(read("runtime/package.json")) as {
  readonly optionalDependencies: Readonly<Record<string, string>>;
};

const SECRET = /(?:_KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL)/;

/** What is wrong, as far as it can be read; each rule with a file that breaks it. */
interface Rule {
  readonly find: (stages: readonly Stage[]) => readonly string[];
  readonly broken: (dockerfile: string) => string;
}

function finalOf(stages: readonly Stage[]): Stage {
  const stage = stages.at(-1);
  if (stage === undefined) throw new Error("the Dockerfile has no stage");
  return stage;
}

function rule(sentence: string, { find, broken }: Rule): void {
  it(sentence, () => {
    const counterexample = broken(DOCKERFILE);
    expect(counterexample, "the counterexample is the file itself").not.toBe(DOCKERFILE);
    expect(find(stagesOf(counterexample)), "the rule does not notice its own counterexample").not.toEqual([]);
    expect(find(stagesOf(DOCKERFILE))).toEqual([]);
  });
}

describe("Dockerfile", () => {
  rule("every image is named by a full version, and it is the Node that the repository brings", {
    find: (stages) => {
      const versions = Object.values(runtime.optionalDependencies);
      return stages
        .map(({ image }) => image)
        .filter((image) => !versions.some((v) => image === `node:${v}-bookworm-slim`));
    },
    broken: (text) => text.replace(/node:[\d.]+-/, "node:24-"),
  });

  rule("it runs as a numbered user that is not root, set before anything that it runs", {
    find: (stages) => {
      const { instructions } = finalOf(stages);
      const user = instructions.findLastIndex(({ name }) => name === "USER");
      const run = instructions.findIndex(({ name }) => ["ENTRYPOINT", "CMD", "HEALTHCHECK"].includes(name));
      const isGood = /^[1-9]\d*:[1-9]\d*$/.test(instructions[user]?.text ?? "") && user < run;
      return isGood ? [] : ["the user"];
    },
    broken: (text) => text.replace("USER 10001:10001", "USER root"),
  });

  rule("no secret is set, taken as an argument or named by a file that holds one", {
    find: (stages) =>
      stages
        .flatMap((stage) => [...argumentsOf(stage, "ENV"), ...argumentsOf(stage, "ARG"), ...argumentsOf(stage, "COPY")])
        .filter((text) => SECRET.test(text) || /\.(?:env|pem|key)\b/.test(text)),
    broken: (text) => text.replace("NODE_ENV=production", "KEYWARD_ADMIN_TOKEN=x NODE_ENV=production"),
  });

  rule("nothing is fetched but by npm ci, from the lockfile", {
    find: (stages) =>
      stages.flatMap((stage) => [
        ...argumentsOf(stage, "ADD"),
        ...argumentsOf(stage, "RUN").filter((text) => /\b(?:curl|wget|apt|apt-get|npx|npm (?!ci|run))\b/.test(text)),
      ]),
    broken: (text) => text.replace("npm ci &&", "npm install &&"),
  });

  rule("the final stage holds what the package holds, its dependencies and the start-up script", {
    find: (stages) => {
      const held = copiesOf(finalOf(stages)).flatMap(({ sources }) =>
        sources.map((source) => source.split("/").at(-1) ?? ""),
      );
      const wanted = [...manifest.files, "LICENSE", "package.json", "node_modules", "container"];
      return [
        ...wanted.filter((name) => !held.includes(name)).map((name) => `lacks ${name}`),
        ...held.filter((name) => !wanted.includes(name)).map((name) => `holds ${name}`),
      ];
    },
    broken: (text) => text.replace("COPY bin bin", "COPY . ."),
  });

  rule("what is copied is in the repository, or in a stage before", {
    find: (stages) =>
      stages.flatMap((stage, at) =>
        copiesOf(stage).flatMap(({ from, sources }) =>
          from === null
            ? sources.filter((source) => !existsSync(new URL(`../../${source}`, import.meta.url)))
            : stages.slice(0, at).some(({ name }) => name === from)
              ? []
              : [`stage ${from}`],
        ),
      ),
    broken: (text) => text.replace("COPY bin bin", "COPY binary bin"),
  });

  rule("it is started without a shell between, takes the signal that drains, and is asked whether it lives", {
    find: (stages) => {
      const stage = finalOf(stages);
      const [health = "", ...others] = argumentsOf(stage, "HEALTHCHECK");
      const isGood =
        [...argumentsOf(stage, "ENTRYPOINT"), ...argumentsOf(stage, "CMD")].every((text) => text.startsWith("[")) &&
        argumentsOf(stage, "STOPSIGNAL").join() === "SIGTERM" &&
        others.length === 0 &&
        /--interval=\S+ --timeout=\S+ .*CMD \["\/app\/container\/health\.sh"\]$/.test(health);
      return isGood ? [] : ["start, stop or health check"];
    },
    broken: (text) => text.replace("STOPSIGNAL SIGTERM", "STOPSIGNAL SIGKILL"),
  });

  rule("every KEYWARD_ variable is an option, and the database is on the volume", {
    find: (stages) => {
      const stage = finalOf(stages);
      const env = environmentOf(stage);
      const [volume = ""] = argumentsOf(stage, "VOLUME").map((text) => (JSON.parse(text) as readonly string[])[0]);
      const strange = Object.keys(env)
        .filter((name) => name.startsWith("KEYWARD_"))
        .filter((name) => !isOptionName(name.slice("KEYWARD_".length).toLowerCase()));
      return env["KEYWARD_DATABASE_URL"]?.startsWith(`sqlite:${volume}/`) === true
        ? strange
        : [...strange, "the volume"];
    },
    broken: (text) => text.replace("KEYWARD_HOST", "KEYWARD_HOTS"),
  });

  it("its scripts can be run", () => {
    for (const name of ["start.sh", "health.sh"]) {
      expect(statSync(new URL(`../../container/${name}`, import.meta.url)).mode & 0o111, name).toBe(0o111);
    }
  });

  it("a build is given the files that are named, and nothing else of the folder", () => {
    const lines = read(".dockerignore")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines[0]).toBe("*");
    expect(lines.filter((line) => /data|\.env|\.key|\.db/.test(line))).toEqual([]);
    const named = lines.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    expect(named.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
  });
});

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly image?: string;
}

describe("compose.yaml", () => {
  const { services } = parse(read("compose.yaml")) as { readonly services: Readonly<Record<string, Service>> };
  const { keyward, postgres } = services;

  it("sets options that exist, and secrets only from outside, without which it does not start", () => {
    for (const [name, value] of Object.entries({ ...keyward?.environment, ...postgres?.environment })) {
      if (name.startsWith("KEYWARD_")) {
        expect(isOptionName(name.slice("KEYWARD_".length).toLowerCase()), name).toBe(true);
      }
      if (SECRET.test(name)) {
        expect(value, name).toMatch(/^\$\{\w+:\?[^}]+\}$/);
      }
    }
    expect(keyward?.environment?.["KEYWARD_DATABASE_URL"]).toMatch(
      /^postgres:\/\/keyward:\$\{POSTGRES_PASSWORD:\?[^}]+\}@postgres:/,
    );
  });

  it("runs on files that cannot be written, without capabilities, and is reached from this machine alone", () => {
    expect(keyward).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      ports: ["127.0.0.1:4180:4180"],
    });
    expect(postgres?.ports).toBeUndefined();
    expect(postgres?.image).toMatch(/^postgres:\d+\.\d+-/);
  });

  it("gives a stop more time than Keyward takes for it", () => {
    expect(Number(/^(\d+)s$/.exec(keyward?.stop_grace_period ?? "")?.[1])).toBeGreaterThan(30);
  });
});
