import { BEARER, isLocal, KEY_PLACEHOLDER, type Target } from "./target.ts";

/** Something to paste, and where it goes. */
interface Snippet {
  /** `Terminal`, or a file. */
  readonly place: string;
  readonly text: string;
}

export interface Instructions {
  readonly before?: string;
  readonly snippets: readonly Snippet[];
  readonly after?: string;
  /** Adds the entry by itself where the client is installed. */
  readonly link?: { readonly label: string; readonly href: string };
}

export interface McpClient {
  readonly id: string;
  readonly label: string;
  readonly instructions: (target: Target) => Instructions;
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);

const headers = ({ proof }: Target): object => (proof === "key" ? { headers: { Authorization: BEARER } } : {});

const signsIn = ({ proof }: Target, text: string): { readonly after?: string } =>
  proof === "browser" ? { after: text } : {};

const claudeCode: McpClient = {
  id: "claude-code",
  label: "Claude Code",
  instructions: (target) => ({
    snippets: [
      {
        place: "Terminal",
        text:
          `claude mcp add --scope user --transport http ${target.name} ${target.url}` +
          (target.proof === "key" ? ` \\\n  --header "Authorization: ${BEARER}"` : ""),
      },
    ],
    ...signsIn(target, `Then type /mcp in Claude Code, choose ${target.name} and authenticate.`),
  }),
};

/** Its connectors are called from the vendor's cloud. What that cannot reach, or is to send a key, goes through a bridge. */
const claudeDesktop: McpClient = {
  id: "claude-desktop",
  label: "Claude Desktop",
  instructions(target) {
    if (target.proof === "browser" && !isLocal(target.url)) {
      return {
        before:
          "Open Settings, Connectors, Add custom connector, and paste this address. It has to be reachable from the internet: the calls come from the vendor's cloud.",
        snippets: [{ place: "Address of the connector", text: target.url }],
        after: "Then choose Connect next to it, and allow it in the browser.",
      };
    }
    const isPlain = target.url.startsWith("http:");
    const args = [
      "-y",
      "mcp-remote",
      target.url,
      ...(isPlain ? ["--allow-http"] : []),
      // Without a blank: on Windows the arguments are split at blanks.
      ...(target.proof === "key" ? ["--header", "Authorization:${KEYWARD_AUTH}"] : []),
    ];
    const env = target.proof === "key" ? { env: { KEYWARD_AUTH: BEARER } } : {};
    return {
      before: "Open Settings, Developer, Edit Config. The bridge mcp-remote needs Node.js.",
      snippets: [
        {
          place: "claude_desktop_config.json",
          text: json({ mcpServers: { [target.name]: { command: "npx", args, ...env } } }),
        },
      ],
      after: "Then quit Claude Desktop and open it again.",
    };
  },
};

const cursor: McpClient = {
  id: "cursor",
  label: "Cursor",
  instructions(target) {
    const entry = { url: target.url, ...headers(target) };
    return {
      snippets: [{ place: "~/.cursor/mcp.json", text: json({ mcpServers: { [target.name]: entry } }) }],
      ...signsIn(target, `Then open Cursor's MCP settings and sign in next to ${target.name}.`),
      ...(target.proof === "browser" && {
        link: {
          label: "Add to Cursor",
          href: `cursor://anysphere.cursor-deeplink/mcp/install?name=${encodeURIComponent(target.name)}&config=${encodeURIComponent(btoa(JSON.stringify(entry)))}`,
        },
      }),
    };
  },
};

const vsCode: McpClient = {
  id: "vs-code",
  label: "VS Code",
  instructions(target) {
    const before = "Run “MCP: Open User Configuration” from the command palette, or use .vscode/mcp.json of a project.";
    const entry = { type: "http", url: target.url };
    if (target.proof === "browser") {
      return {
        before,
        snippets: [{ place: "mcp.json", text: json({ servers: { [target.name]: entry } }) }],
        after: "Start the server above its entry; VS Code opens the browser.",
        link: {
          label: "Add to VS Code",
          href: `vscode:mcp/install?${encodeURIComponent(JSON.stringify({ name: target.name, ...entry }))}`,
        },
      };
    }
    return {
      before,
      snippets: [
        {
          place: "mcp.json",
          text: json({
            inputs: [{ type: "promptString", id: "keyward-key", description: "Keyward virtual key", password: true }],
            servers: { [target.name]: { ...entry, headers: { Authorization: "Bearer ${input:keyward-key}" } } },
          }),
        },
      ],
      after: "VS Code asks for the key when the server starts, and keeps it encrypted.",
    };
  },
};

const windsurf: McpClient = {
  id: "windsurf",
  label: "Windsurf",
  instructions: (target) => ({
    snippets: [
      {
        place: "~/.codeium/windsurf/mcp_config.json",
        text: json({ mcpServers: { [target.name]: { serverUrl: target.url, ...headers(target) } } }),
      },
    ],
    after:
      target.proof === "browser"
        ? "Then refresh the servers in Cascade; Windsurf opens the browser."
        : "Then refresh the servers in Cascade.",
  }),
};

const zed: McpClient = {
  id: "zed",
  label: "Zed",
  instructions: (target) => ({
    before: "Run “zed: open settings file” from the command palette.",
    snippets: [
      {
        place: "settings.json",
        text: json({ context_servers: { [target.name]: { url: target.url, ...headers(target) } } }),
      },
    ],
    ...signsIn(target, "Zed opens the browser when it first connects."),
  }),
};

const codex: McpClient = {
  id: "codex",
  label: "Codex CLI",
  instructions: (target) =>
    target.proof === "browser"
      ? {
          snippets: [
            {
              place: "Terminal",
              text: `codex mcp add ${target.name} --url ${target.url}\ncodex mcp login ${target.name}`,
            },
          ],
        }
      : {
          before: "Codex reads the key from an environment variable. Set it wherever Codex is started.",
          snippets: [
            {
              place: "Terminal",
              text: `export KEYWARD_KEY=${KEY_PLACEHOLDER}\ncodex mcp add ${target.name} --url ${target.url} \\\n  --bearer-token-env-var KEYWARD_KEY`,
            },
          ],
        },
};

const gemini: McpClient = {
  id: "gemini",
  label: "Gemini CLI",
  instructions: (target) => ({
    snippets: [
      {
        place: "Terminal",
        text:
          `gemini mcp add --scope user --transport http ${target.name} ${target.url}` +
          (target.proof === "key" ? ` \\\n  --header "Authorization: ${BEARER}"` : ""),
      },
    ],
    ...signsIn(target, `Then type /mcp auth ${target.name} in Gemini CLI.`),
  }),
};

const cline: McpClient = {
  id: "cline",
  label: "Cline",
  instructions: (target) => ({
    before: "Open MCP Servers, Configure, Configure MCP Servers.",
    snippets: [
      {
        place: "cline_mcp_settings.json",
        text: json({ mcpServers: { [target.name]: { type: "streamableHttp", url: target.url, ...headers(target) } } }),
      },
    ],
    ...signsIn(target, "Then choose Authenticate next to the server."),
  }),
};

const other: McpClient = {
  id: "other",
  label: "Other",
  instructions: (target) => ({
    before:
      target.proof === "browser"
        ? "Any client that speaks Streamable HTTP and MCP authorization needs the address alone. Many take a file such as this one."
        : "Any client that speaks Streamable HTTP and can send a header. Many take a file such as this one.",
    snippets: [
      { place: "Address", text: target.url },
      ...(target.proof === "key" ? [{ place: "Header", text: `Authorization: ${BEARER}` }] : []),
      {
        place: "mcp.json",
        text: json({ mcpServers: { [target.name]: { type: "http", url: target.url, ...headers(target) } } }),
      },
    ],
  }),
};

export const CLIENTS: readonly McpClient[] = [
  claudeCode,
  claudeDesktop,
  cursor,
  vsCode,
  windsurf,
  zed,
  codex,
  gemini,
  cline,
  other,
];
