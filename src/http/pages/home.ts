/** What stands at `/`: that this is Keyward, and where to go from here. No script, no third-party byte. */
export function homePage(publicUrl: string): string {
  const base = escape(publicUrl.replace(/\/+$/, ""));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Keyward</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/assets/connect/connect.css">
</head>
<body>
<header>Keyward</header>
<main>
<h1>Keyward is running</h1>
<p>It lets a whole team use MCP servers with each person's own keys.</p>
<dl>
<dt>MCP endpoint</dt>
<dd><code>${base}/mcp</code></dd>
<dt>One server only</dt>
<dd><code>${base}/mcp/&lt;server&gt;</code></dd>
<dt>REST API</dt>
<dd><code>${base}/api/v1</code>, described at <a href="/openapi.json">/openapi.json</a></dd>
</dl>
<p>More in the repository: <code>README.md</code> to start, <code>docs/api.md</code> for the API,
<code>docs/errors.md</code> for what an error asks of you.</p>
</main>
</body>
</html>
`;
}

/** For text between tags. A URL that the URL parser has written holds no `<`, but this does not rely on it. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
