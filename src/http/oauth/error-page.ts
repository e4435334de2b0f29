const WHAT_HAPPENED: Readonly<Record<string, string>> = {
  invalid_client:
    "The app that sent you here is not known, or what it says of itself could not be read. In the app, remove this server and add it again.",
  invalid_redirect_uri: "The app asked to send you to an address that it has not registered. You were not sent there.",
  invalid_request:
    "This request is not complete, has expired, or was begun in another browser. Start again in the app.",
  temporarily_unavailable: "Keyward cannot answer right now. Start again in the app in a moment.",
  too_many_requests: "Too many requests. Wait a minute, then start again in the app.",
};

const OTHERWISE = "The app's request could not be answered. Start again in the app.";

/** What a person sees who cannot be sent back to the app. Fixed text: nothing of the request stands in it. */
export function errorPage(error: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Not connected - Keyward</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/assets/connect/connect.css">
</head>
<body>
<header>Keyward</header>
<main>
<h1>Not connected</h1>
<p>${WHAT_HAPPENED[error] ?? OTHERWISE}</p>
</main>
</body>
</html>
`;
}
