import { ask, askWhoIsSignedIn, type Flow, LOST, type Me, type Proof, type Refusal } from "./api.ts";
import { countdown, timeLeft } from "./countdown.ts";
import { type Child, clean, el, name } from "./dom.ts";
import { facts, plate } from "./facts.ts";
import { buildForm } from "./form.ts";
import { linkToken } from "./link.ts";
import { askProof, confirmOpener, isOwn } from "./opener.ts";
import { actionButton, paragraph, problemBox, show } from "./view.ts";

const POLL_MS = 2000;
const MAX_POLLS = 90;
const NEW_LINK = "Call the tool again in your client to get a new link.";
const CALL_AGAIN = "Call the tool again in your client: it works, or it gives you a new link.";

/** What proves the opener: the token of the link, a key that was pasted, or the cookie of who is signed in. */
let way: "link" | "key" | "cookie" = "cookie";
let proof: Proof = {};
/** Who is signed in, where that is the proof. */
let user: Me["user"] = null;
/** Whether the gateway has people who sign in. */
let canSignIn = false;
/** Whether the opener has said to have asked for these values. */
let isConfirmed = false;
/** The server of this link, once it has been shown. */
let server: Flow["server"] = { name: "the server", url_origin: "" };

function start(): void {
  const token = linkToken();
  way = token === null ? "cookie" : "link";
  proof = token === null ? {} : { Authorization: `Keyward-Temp-Token ${token}` };
  isConfirmed = false;
  void load();
}

function takeKey(key: string): void {
  way = "key";
  user = null;
  proof = key.startsWith("kw_") ? { Authorization: `Bearer ${key}` } : { "Keyward-Session": key };
  void load();
}

/** Asks for the flow and shows its form. `problem` is why the last submission failed. */
async function load(problem?: Refusal): Promise<void> {
  const isCurrent = show("Opening your link");
  const { body: flow, error } = await ask<Flow>(proof, "");
  if (way === "cookie" && error?.status !== 401) {
    const { body: me } = await askWhoIsSignedIn();
    user = me?.user;
    // The cookie comes along by itself; this tells the gateway that it is this page which asks.
    if (me?.csrf_token) proof = { "Keyward-CSRF": me.csrf_token };
  }
  if (!isCurrent()) return;
  if (error) return refuse(error, problem);
  server = flow.server;
  if (flow.state === "verifying") return follow(false);
  if (isConfirmed || isOwn(flow)) return showForm(flow, problem);
  const go = (): void => {
    isConfirmed = true;
    void load();
  };
  confirmOpener(flow, user, { go, decline, below: lifeOf(flow) });
}

function refuse(error: Refusal, problem?: Refusal): void {
  const { status, message, details } = error;
  canSignIn ||= details?.sign_in === true;
  if (isLater(error)) return offline(message, () => void load(problem));
  // The proof may have died with the success whose answer was lost.
  if (problem === LOST) return closeLink("Your values may be stored", "The answer was lost on its way.", CALL_AGAIN);
  if (status !== 404) return unproven(message);
  if (problem) return closeLink("This link is closed", problem.message);
  const who = user ? ` You are signed in as ${clean(user.email, 100)}.` : "";
  const text = `It is unknown, expired, already used, or not yours.${who}`;
  const another = way === "key" ? "Try another key" : "Use a virtual key";
  const retry = way === "link" ? null : actionButton(another, () => unproven());
  closeLink("This link cannot be used", text, NEW_LINK, retry);
}

function unproven(message = ""): void {
  const title = { link: "The link alone is not enough", key: "That is not the right key", cookie: "" }[way];
  const problem = message && title ? problemBox(title, message) : null;
  askProof({ maySignIn: canSignIn && !user, problem, take: takeKey });
}

function decline(): void {
  const warning = "If somebody sent you this link, they may be after your key: tell your administrator.";
  closeLink("Nothing was sent", "You can close this page.", warning);
}

function closeLink(title: string, text: string, next = NEW_LINK, retry: HTMLElement | null = null): void {
  show(title, paragraph(text), paragraph(next), retry);
}

/** Whether the same request may get another answer in a while. */
function isLater({ status }: Refusal): boolean {
  return status === 0 || status === 429 || status >= 500;
}

function offline(message: string, retry: () => void): void {
  const title = message ? "Keyward cannot open this link now" : "Keyward does not answer";
  show(title, paragraph(message || "Check your connection."), actionButton("Try again", retry));
}

function showForm(flow: Flow, problem?: Refusal): void {
  const { fields, credential } = flow;
  const form = buildForm({
    fields,
    button: el("button", { class: "main" }, "Verify and store"),
    submit: (values) => void submit(values),
  });
  const box = problem ? describe(problem, flow.attempts_left) : null;
  show(
    el("span", {}, credential ? "Change your values for " : "Connect to ", name(server.name)),
    box,
    plate(server.url_origin),
    facts(flow, user),
    credential ? stateOf(credential.status) : null,
    form.element,
    lifeOf(flow),
  );
  box?.focus();
  const { field, fields: missing = field ? [field] : [] } = problem?.details ?? {};
  if (problem && missing.length > 0) form.fail(new Map(missing.map((key) => [key, problem.message])));
}

function lifeOf(flow: Flow): HTMLElement {
  return countdown(flow, renew, () => closeLink("This link has expired", "Nothing was sent."));
}

function stateOf(status: string): HTMLElement {
  const [kind, text] = {
    rejected: ["warn", "The server refuses the values on file now. Enter new ones."],
    needs_update: ["warn", "The values on file are no longer enough. Enter what is missing below."],
  }[status] ?? ["", "The values on file stay in use until the server has accepted new ones."];
  return el("p", { class: kind ?? "" }, text ?? "");
}

const REFUSED_AT: Readonly<Record<string, string>> = {
  connect: "It refused them as soon as Keyward connected.",
  list_tools: "It let Keyward in, but would not list its tools.",
  probe_tool: "It listed its tools, but refused a call of one.",
};

function describe(problem: Refusal, attemptsLeft: number): HTMLElement {
  const again = "The form is empty again, for safety.";
  if (problem === LOST) return problemBox("Nothing was stored", `The connection broke. ${again}`);
  if (problem.code !== "upstream_rejected") return problemBox("That did not work", problem.message, again);
  const left = attemptsLeft === 1 ? "1 attempt is left" : `${attemptsLeft} attempts are left`;
  const at = REFUSED_AT[problem.details?.step ?? ""] ?? "";
  return problemBox("The server refused these values", `${at} Nothing was stored; ${left}.`.trim(), again);
}

async function renew(): Promise<number> {
  const { body } = await ask<Flow>(proof, "");
  return body ? timeLeft(body) : 0;
}

async function submit(values: ReadonlyMap<string, string>): Promise<void> {
  const isCurrent = show(
    el("span", {}, "Verifying with ", name(server.name)),
    waiting("Keyward tries your values on the server before it stores them. This takes a few seconds."),
    plate(server.url_origin),
  );
  // `fromEntries` defines own properties, also for `__proto__`, which is a legal header name.
  const { body, error } = await ask<{ verification: string }>(proof, "", Object.fromEntries(values));
  if (!isCurrent()) return;
  if (!error) return finish(body.verification);
  if (error === LOST || error.code === "flow_busy") return follow(error === LOST);
  if (error.status === 404) return refuse(error);
  await load(error);
}

/** Waits for a submission whose answer comes elsewhere: that of another tab, or one that was lost on its way here. */
async function follow(isLost: boolean): Promise<void> {
  const isCurrent = show(
    isLost ? "Asking what became of it" : "Values are being verified",
    waiting(isLost ? "The connection broke before the answer came." : "They were sent through this link a moment ago."),
  );
  const lost = isLost ? LOST : undefined;
  for (let poll = 0; poll < MAX_POLLS; poll += 1) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const { body, error } = await ask<{ state: string }>(proof, "/status");
    if (!isCurrent()) return;
    if (body?.state === "completed") return finish();
    if (body?.state === "pending") return load(lost);
    if (error && !isLater(error)) return refuse(error, lost);
  }
  offline("", () => void follow(isLost));
}

function waiting(text: string): HTMLElement {
  return el("div", { class: "waiting" }, paragraph(text));
}

function finish(verification?: string): void {
  const strength = {
    proven: "The server refused a wrong value and accepted yours.",
    accepted: "The server accepted your values, but it may accept any. The first call will show whether they work.",
  }[verification ?? ""];
  const revoke: Child[] = user
    ? ["See, change or revoke these values at any time under ", el("a", { href: "/" }, "My connections"), "."]
    : [
        "To change or revoke these values later, ask your administrator, or see ",
        el("a", { href: "/" }, "My connections"),
        " if you can sign in.",
      ];
  show(
    el("span", { class: "done" }, el("span", {}, name(server.name), " is connected")),
    strength ? paragraph(strength) : null,
    paragraph(
      "You can close this page and go back to your client. A call that waits goes on by itself; otherwise call the tool again.",
    ),
    el("p", { class: "hint" }, ...revoke),
  );
}

// A page in the back/forward cache would come back with what was typed.
addEventListener("pagehide", () => {
  for (const form of document.forms) form.reset();
});
addEventListener("hashchange", start);
start();
