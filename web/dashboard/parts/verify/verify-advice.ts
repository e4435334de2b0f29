import { ApiFailure } from "../../../../src/client/client.ts";

/** Where it can be put right. */
export type Place = "address" | "headers" | "fields" | "sample";

export interface Advice {
  readonly title: string;
  readonly what: string;
  /** null: nothing that was entered is the cause. */
  readonly place: Place | null;
}

const WHEN: Readonly<Record<string, string>> = {
  connect: "when Keyward connected",
  list_tools: "when Keyward asked for the tools",
  probe_tool: "when Keyward called the probe tool",
};

const ADVICE: Readonly<Record<string, Advice>> = {
  upstream_not_allowed: {
    title: "This address may not be dialled",
    what: "It is a private address, or one that Keyward never dials. If the server is your own, add its host to KEYWARD_ALLOW_PRIVATE_UPSTREAMS and restart Keyward.",
    place: "address",
  },
  upstream_url_invalid: {
    title: "This is not an address that Keyward can use",
    what: "Enter the whole address, such as https://mcp.example.com/mcp, without a user name and without a # part.",
    place: "address",
  },
  upstream_redirected: {
    title: "The server sends Keyward elsewhere",
    what: "Keyward follows no redirects, because a key might go along. Open the address yourself, see where it leads, and enter that address.",
    place: "address",
  },
  upstream_protocol: {
    title: "What answers there is not MCP",
    what: "Something answers, but not an MCP server. Check the path: it often ends with /mcp. Documentation of the server names it.",
    place: "address",
  },
  upstream_unreachable: {
    title: "The server could not be reached",
    what: "No connection, no answer in time, or an error of the server itself. Check the address, and that this machine may reach it; then try again.",
    place: "address",
  },
  name_taken: {
    title: "There is a server of that name",
    what: "Tools carry the name of their server, so it is unique. Choose another.",
    place: "address",
  },
  invalid_server_name: {
    title: "The name cannot be used",
    what: "1 to 32 characters of a-z, 0-9 and _, beginning with a letter.",
    place: "address",
  },
};

const PLACES: Readonly<Record<string, Place>> = {
  invalid_header_schema: "fields",
  invalid_header_name: "headers",
  invalid_header_value: "sample",
  missing_header_values: "sample",
};

/** What went wrong, in words that say what to do. */
export function adviceOf(error: unknown): Advice {
  const failure = error instanceof ApiFailure ? error : null;
  if (failure?.code === "upstream_rejected") {
    const step = WHEN[String(failure.details["step"])] ?? "";
    return {
      title: "The server refused the values",
      what: `It answered that they are not valid${step === "" ? "" : `, ${step}`}. Check that they are complete, still valid, and in the right header.`,
      place: "sample",
    };
  }
  return (
    ADVICE[failure?.code ?? ""] ?? {
      title: "That did not work",
      what: failure?.message ?? "Something went wrong on this page. Reload it.",
      place: PLACES[failure?.code ?? ""] ?? null,
    }
  );
}
