/** Writes docs/api.md from the API's own description: `node scripts/generate-api-docs.ts`. A test compares the two. */
import { writeFileSync } from "node:fs";
import { type Answer, byName, nameOf, type Operation, readDescription, type Schema } from "./api-description.ts";

const PROOFS: Readonly<Record<string, string>> = {
  admin: "`Authorization: Bearer kwa_...`",
  virtualKey: "`Authorization: Bearer kw_...`",
  session: "`Keyward-Session: ...`",
  cookie: "`Cookie: __Host-keyward=...` (over plain http `keyward`)",
  csrf: "`Keyward-CSRF: ...`",
  tempToken: "`Authorization: Keyward-Temp-Token kwt_...`",
};

/** By what may be presented; a role that it takes is behind the colon. */
const WHO: Readonly<Record<string, string>> = {
  "": "anybody",
  "cookie:admin admin": "an administrator",
  "cookie admin": "a user who is signed in, or an administrator",
  "virtualKey session cookie admin": "any proven identity, or an administrator",
  "tempToken virtualKey session cookie admin": "whoever may open the link",
};

const TIME = "Milliseconds since the epoch, UTC.";

const MAX_LISTED = 20;

/** The text of docs/api.md. */
export function renderApiDocs(): string {
  const description = readDescription();
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
  );
  const byTag = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? "");
  return [
    "# REST API",
    "<!-- Generated from the code by `node scripts/generate-api-docs.ts`. Do not edit. -->",
    `The same as OpenAPI 3.1, for programs: \`GET /openapi.json\` of a running gateway. ${description.info.description.replaceAll("\n", " ")}`,
    'A body is `application/json`, at most 256 kB. An error is `{ "error": { "code", "message", "details" } }`; [errors.md](errors.md) lists every code and what to do about it. Any answer may also be `500 internal`.',
    "## Proving who you are",
    table(
      ["proof", "header", "what it is"],
      Object.entries(description.components.securitySchemes).map(([name, scheme]) => [
        `\`${name}\``,
        PROOFS[name] ?? "",
        scheme.description,
      ]),
    ),
    ...[...byTag].flatMap(([tag, ofTag]) => [
      `## ${tag}`,
      ...ofTag.flatMap(({ route, operation }) => renderOperation(route, operation)),
    ]),
    "## Shapes",
    "`?` marks a key that may be absent. A `time` is an integer: milliseconds since the epoch, UTC.",
    ...byName(description.components.schemas).flatMap(([name, schema]) => renderShape(name, schema)),
    "",
  ]
    .join("\n\n")
    .trimEnd()
    .concat("\n");
}

function renderOperation(route: string, operation: Operation): string[] {
  const query = (operation.parameters ?? []).filter((parameter) => parameter.in === "query");
  const { schema: body, example } = operation.requestBody?.content["application/json"] ?? {};
  const proofs = proofsOf(operation);
  return [
    `### \`${route}\``,
    `${operation.summary}. For ${WHO[proofs] ?? proofs}.${operation.description === undefined ? "" : ` ${operation.description}`}`,
    ...(query.length === 0
      ? []
      : [
          table(
            ["query", "type", ""],
            query.map(({ name, schema }) => [`\`${name}\``, cell(typeOf(schema, "")), schema.description ?? ""]),
          ),
        ]),
    ...(body === undefined || typeOf(body, "") === "{}"
      ? []
      : [`Body: ${inline(body)}`, `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``]),
    table(
      ["status", ""],
      Object.entries(operation.responses)
        .filter(([status]) => status !== "500")
        .map(([status, response]) => [status, renderAnswer(response)]),
    ),
  ];
}

function proofsOf({ security }: Operation): string {
  return security
    .flatMap((scheme) => Object.entries(scheme))
    .filter(([name]) => name !== "csrf")
    .map(([name, roles]) => [name, ...roles].join(":"))
    .join(" ");
}

function renderAnswer({ description, content = {} }: Answer): string {
  const [schema] = Object.values(content).map((media) => media.schema);
  const isError = schema?.$ref?.endsWith("/Error") === true;
  return schema === undefined || isError ? description : `${description} ${cell(inlineOneLine(schema))}`;
}

function renderShape(name: string, schema: Schema): string[] {
  const text = schema.properties === undefined ? typeOf(schema, "") : typeOf({ ...schema, description: "" }, "");
  return [
    `### ${name}`,
    ...(schema.description === undefined ? [] : [schema.description]),
    `\`\`\`ts\n${text}\n\`\`\``,
  ];
}

function inline(schema: Schema): string {
  return schema.$ref === undefined ? `\n\n\`\`\`ts\n${typeOf(schema, "")}\n\`\`\`` : link(schema.$ref);
}

function inlineOneLine(schema: Schema): string {
  return schema.$ref === undefined
    ? `\`${typeOf(schema, "")
        .replaceAll(/\s*\/\/.*$/gm, "")
        .replaceAll(/\s+/g, " ")}\``
    : link(schema.$ref);
}

function link(reference: string): string {
  const name = nameOf(reference);
  return `[${name}](#${name.toLowerCase()})`;
}

/** A schema in the notation of TypeScript, with what it says of itself as comments. */
function typeOf(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) {
    return nameOf(schema.$ref);
  }
  if (schema.anyOf !== undefined) {
    return schema.anyOf.map((option) => typeOf(option, indent)).join(" | ");
  }
  if (schema.allOf !== undefined) {
    return schema.allOf.map((part) => typeOf(part, indent)).join(" & ");
  }
  // The codes of errors have a page of their own.
  if (schema.enum !== undefined && schema.enum.length <= MAX_LISTED) {
    return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  }
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["unknown"]);
  return types.map((type) => plainTypeOf(type, schema, indent)).join(" | ");
}

function plainTypeOf(type: string, schema: Schema, indent: string): string {
  if (type === "array") {
    const item = typeOf(schema.items ?? {}, indent);
    return item.includes(" | ") && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
  }
  if (type !== "object") {
    return type === "integer" && schema.description === TIME ? "time" : type;
  }
  if (schema.properties === undefined) {
    const value = schema.additionalProperties;
    return typeof value === "object" ? `{ [name]: ${typeOf(value, indent)} }` : value === true ? "object" : "{}";
  }
  const lines = Object.entries(schema.properties).map(([name, property]) => {
    const mark = schema.required?.includes(name) === true ? "" : "?";
    const notes = [
      property.description === TIME ? "" : property.description,
      property.default === undefined ? "" : `Default ${JSON.stringify(property.default)}.`,
    ];
    const note = notes.filter((part) => part !== undefined && part !== "").join(" ");
    return `${indent}  ${name}${mark}: ${typeOf(property, `${indent}  `)};${note === "" ? "" : ` // ${note}`}`;
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

if (import.meta.main) {
  writeFileSync(new URL("../docs/api.md", import.meta.url), renderApiDocs());
}
