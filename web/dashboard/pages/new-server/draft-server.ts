import type { AuthType } from "../../app/admin-shapes.ts";
import { staticValues, type StaticHeader } from "../../parts/headers/static-headers.ts";
import { emptyField, fieldOf, type DraftField } from "../../parts/schema/draft-field.ts";
import type { NewServer } from "../../parts/server-api.ts";
import { suggestedName } from "../../parts/server-rules.ts";
import { typedValues, type Sample } from "../../parts/verify/sample-values.ts";

export type StepName = "address" | "headers" | "fields" | "sample" | "verify" | "access" | "done";

/** A server before it is added. It lives on this page only: sample values are kept nowhere else. */
export interface DraftServer {
  readonly url: string;
  /** null: as the address suggests. */
  readonly name: string | null;
  readonly authType: AuthType;
  readonly statics: readonly StaticHeader[];
  readonly fields: readonly DraftField[];
  readonly sample: Sample;
}

export function emptyServer(): DraftServer {
  return { url: "", name: null, authType: "per_user_headers", statics: [], fields: [emptyField()], sample: {} };
}

export function nameOf({ name, url }: Pick<DraftServer, "name" | "url">): string {
  return (name ?? suggestedName(url)).trim();
}

/** The steps on the way to this server, in their order. */
export function stepsOf({ authType }: Pick<DraftServer, "authType">): readonly (readonly [StepName, string])[] {
  return [
    ["address", "Address"],
    ["headers", "Keys"],
    ...(authType === "per_user_headers"
      ? ([
          ["fields", "Header fields"],
          ["sample", "Sample values"],
        ] as const)
      : []),
    ["verify", "Verification"],
    ["access", "Access"],
  ];
}

export function bodyOf(draft: DraftServer, hasSample: boolean): NewServer {
  const fields = draft.authType === "per_user_headers" ? draft.fields.map(fieldOf) : [];
  const statics = draft.authType === "none" ? {} : staticValues(draft.statics);
  return {
    name: nameOf(draft),
    url: draft.url.trim(),
    auth_type: draft.authType,
    ...(fields.length > 0 && { header_schema: fields }),
    ...(Object.keys(statics).length > 0 && { static_headers: statics }),
    ...(hasSample && fields.length > 0 && { sample_headers: typedValues(fields, draft.sample) }),
  };
}
