/** Writes src/client/api-types.ts from the API's own description: `node scripts/generate-client.ts`. A test compares the two. */
import { writeFileSync } from "node:fs";
import {
  type Answer,
  byName,
  nameOf,
  type Operation,
  type Parameter,
  readDescription,
  type Schema,
} from "./api-description.ts";

const HEAD = `// Generated from the API description by \`node scripts/generate-client.ts\`. Do not edit.

/* The shape in which openapi-fetch wants to know an API: by path, method and status. */
`;

/** The text of src/client/api-types.ts. */
export function renderApiTypes(): string {
  const { paths, components } = readDescription();
  const schemas = byName(components.schemas).map(
    ([name, schema]) => `${comment(schema.description, "  ")}  ${name}: ${typeOf(schema, "  ")};\n`,
  );
  const routes = byName(paths).map(([path, methods]) => {
    const operations = byName(methods).map(([method, operation]) => renderOperation(method, operation));
    return `  "${path}": {\n${operations.join("")}  };\n`;
  });
  return [
    HEAD,
    `export interface Schemas {\n${schemas.join("")}}\n`,
    `interface Failure {\n  content: { "application/json": Schemas["Error"] };\n}\n`,
    `export interface paths {\n${routes.join("")}}\n`,
  ].join("\n");
}

function renderOperation(method: string, operation: Operation): string {
  const { parameters = [], requestBody, responses, summary } = operation;
  const body = requestBody?.content["application/json"]?.schema;
  const answers = byName(responses).map(([status, answer]) => `        ${status}: ${answerType(answer)};\n`);
  return [
    comment(`${summary}.`, "    "),
    `    ${method}: {\n`,
    `      parameters: {${parametersTypes(parameters)}};\n`,
    body === undefined
      ? ""
      : `      requestBody${requestBody?.required === true ? "" : "?"}: { content: { "application/json": ${typeOf(body, "      ")} } };\n`,
    `      responses: {\n${answers.join("")}      };\n`,
    "    };\n",
  ].join("");
}

function parametersTypes(parameters: readonly Parameter[]): string {
  const types = ["path", "query"].map((place) => parametersType(place, parameters)).join("");
  return types === "" ? "" : `${types}\n      `;
}

function parametersType(place: string, parameters: readonly Parameter[]): string {
  const here = parameters.filter((parameter) => parameter.in === place);
  if (here.length === 0) {
    return "";
  }
  const isOptional = here.every(({ required }) => required !== true);
  const members = here.map(({ name, required, schema }) => member(name, schema, required === true, "          "));
  return `\n        ${place}${isOptional ? "?" : ""}: {\n${members.join("")}        };`;
}

function answerType({ content }: Answer): string {
  if (content === undefined) {
    return "{ content?: never }";
  }
  const media = Object.entries(content).map(([type, { schema }]) => `"${type}": ${typeOf(schema, "        ")}`);
  return media.join("") === `"application/json": Schemas["Error"]` ? "Failure" : `{ content: { ${media.join("; ")} } }`;
}

function typeOf(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) {
    return `Schemas["${nameOf(schema.$ref)}"]`;
  }
  if (schema.anyOf !== undefined) {
    return schema.anyOf.map((option) => typeOf(option, indent)).join(" | ");
  }
  if (schema.allOf !== undefined) {
    return schema.allOf.map((part) => typeOf(part, indent)).join(" & ");
  }
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (values !== undefined) {
    return values.map((value) => JSON.stringify(value)).join(" | ");
  }
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["unknown"]);
  return types.map((type) => plainTypeOf(type, schema, indent)).join(" | ");
}

function plainTypeOf(type: string, schema: Schema, indent: string): string {
  switch (type) {
    case "integer":
      return "number";
    case "array": {
      const item = typeOf(schema.items ?? {}, indent);
      return / [|&] /.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case "object":
      return objectType(schema, indent);
    default:
      return type;
  }
}

function objectType(schema: Schema, indent: string): string {
  const { properties = {}, required = [], additionalProperties: others } = schema;
  if (Object.keys(properties).length === 0) {
    return `Record<string, ${typeof others === "object" ? typeOf(others, indent) : others === true ? "unknown" : "never"}>`;
  }
  const members = Object.entries(properties).map(([name, property]) =>
    member(name, property, required.includes(name), `${indent}  `),
  );
  return `{\n${members.join("")}${indent}}`;
}

// `undefined` is as good as absent: neither is sent.
function member(name: string, schema: Schema, isRequired: boolean, indent: string): string {
  const type = typeOf(schema, indent);
  return `${comment(schema.description, indent)}${indent}${name}${isRequired ? `: ${type}` : `?: ${type} | undefined`};\n`;
}

function comment(text: string | undefined, indent: string): string {
  return text === undefined || text === ""
    ? ""
    : `${indent}/** ${text.replaceAll("\n", " ").replaceAll("*/", "* /")} */\n`;
}

if (import.meta.main) {
  writeFileSync(new URL("../src/client/api-types.ts", import.meta.url), renderApiTypes());
}
