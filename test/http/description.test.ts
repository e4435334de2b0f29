import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { renderApiDocs } from "../../scripts/generate-api-docs.ts";
import { ERROR_TABLE } from "../../src/core/errors.ts";
import { UNKNOWN_TEXT } from "../../src/http/contract/add-examples.ts";
import { differenceFromSchema } from "./conformance.ts";
import { createTestApp } from "./test-app.ts";

type Json = Record<string, unknown>;

function docs(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
}

async function describedOperations(): Promise<{ name: string; operation: Json }[]> {
  const { send } = await createTestApp();
  const paths = (await send("GET /openapi.json")).json["paths"] as Record<string, Record<string, Json>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
}

interface Media {
  readonly schema: Json;
  readonly example?: unknown;
}

interface DescribedOperation {
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<string, { readonly content?: Record<string, Media> }>;
}

/** The JSON that goes in and comes out of an operation, errors left out. */
function describedMedia({ requestBody, responses }: DescribedOperation): [place: string, media: Media][] {
  const answers = Object.entries(responses).filter(([status]) => status.startsWith("2"));
  const places = [["body", requestBody] as const, ...answers];
  return places.flatMap(([place, part]) => {
    const media = part?.content?.["application/json"];
    return media === undefined ? [] : [[place, media] as [string, Media]];
  });
}

describe("the API description", () => {
  it("is OpenAPI 3.1 of this version, at the public URL", async () => {
    const { send } = await createTestApp({ parts: { publicUrl: "https://keys.example.com" } });
    const { json, headers } = await send("GET /openapi.json");
    expect(headers.get("content-type")).toMatch(/^application\/json/);
    expect(json).toMatchObject({
      openapi: "3.1.0",
      info: { title: "Keyward", version: "1.2.3" },
      servers: [{ url: "https://keys.example.com" }],
    });
    const { securitySchemes } = json["components"] as { securitySchemes: Json };
    expect(Object.keys(securitySchemes)).toEqual(["admin", "virtualKey", "session", "cookie", "csrf", "tempToken"]);
  });

  it("has every route that is registered, and none besides", async () => {
    const { app } = await createTestApp();
    const pages = ["GET /", "GET /connect/{id}", "GET /assets/connect/{file}"];
    const registered = new Set(
      app.routes
        .filter(({ method }) => method !== "ALL")
        .map(({ method, path }) => `${method} ${path.replaceAll(/:([a-z_]+)/g, "{$1}")}`),
    );
    const described = (await describedOperations()).map(({ name }) => name);
    expect([...registered].toSorted()).toEqual([...described, ...pages].toSorted());
  });

  it("names each operation once, and says of each who it is for and how it can fail", async () => {
    const operations = await describedOperations();
    const ids = operations.map(({ operation }) => operation["operationId"]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { name, operation } of operations) {
      const responses = Object.keys(operation["responses"] as Json);
      expect(operation["security"], name).toBeInstanceOf(Array);
      expect(responses, name).toContain("500");
      if ((operation["security"] as unknown[]).length > 0) {
        expect(responses, name).toEqual(expect.arrayContaining(["401", "403", "503"]));
      }
      if (operation["requestBody"] !== undefined) {
        expect(responses, name).toEqual(expect.arrayContaining(["400", "413", "415"]));
      }
    }
  });

  it("has an example of every body and every answer, without a gap, and each fits its shape", async () => {
    for (const { name, operation } of await describedOperations()) {
      for (const [place, media] of describedMedia(operation as unknown as DescribedOperation)) {
        const text = JSON.stringify(media.example);
        expect(text, `${name} ${place}`).toBeTypeOf("string");
        expect(text, `${name} ${place}: add its shape to src/http/contract/examples.ts`).not.toContain(UNKNOWN_TEXT);
        expect(differenceFromSchema(`${name} ${place} example`, media.schema, media.example)).toBeNull();
      }
    }
  });

  it("refers only to shapes that it has", async () => {
    const { send } = await createTestApp();
    const { text, json } = await send("GET /openapi.json");
    const { schemas } = json["components"] as { schemas: Json };
    const references = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => String(name)));
    expect([...references].toSorted()).toEqual(Object.keys(schemas).toSorted());
  });
});

describe("the pages of docs/", () => {
  it("docs/api.md is what `node scripts/generate-api-docs.ts` writes", () => {
    expect(docs("api.md")).toBe(renderApiDocs());
  });

  it("docs/errors.md has every code with its status and whether to try again, and none besides", () => {
    const rows = [...docs("errors.md").matchAll(/^\| `(\w+)` \| (\d+) \| (yes|no) \| (.+) \|$/gm)];
    const documented = rows.map(([, code, status, retryable]) => `${code} ${status} ${retryable}`);
    const known = Object.entries(ERROR_TABLE).map(
      ([code, { status, retryable }]) => `${code} ${status} ${retryable ? "yes" : "no"}`,
    );
    expect(documented.toSorted()).toEqual(known.toSorted());
    for (const [, code, , , advice] of rows) {
      expect(advice?.length, code).toBeGreaterThan(20);
    }
  });
});
