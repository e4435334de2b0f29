import { ask, type Field, type Flow, LOST, type Proof, type Refusal } from "./api.ts";
import { countdown, timeLeft } from "./countdown.ts";
import { el, name } from "./dom.ts";
import { buildForm } from "./form.ts";
import { linkToken } from "./link.ts";
import { actionButton, date, facts, identityOf, paragraph, plate, problemBox, show } from "./view.ts";

const POLL_MS = 2000;
const MAX_POLLS = 90;
const NEW_LINK = "Call the tool again in your client to get a new link.";
const CALL_AGAIN = "Call the tool again in your client: it works, or it gives you a new link.";

const KEY_FIELD: Field = {
  name: "key",
  label: "Keyward key",
  display_name: "Keyward key",
  help: "It starts with kw_. If your client names a session instead, paste that.",
  help_url: null,
  secret: true,
  required: true,
  on_file: false,
};

let proof: Proof = {};
/** Whether the proof was typed here, so that another one can be tried. */
let isPasted = false;
/** The server of this link, once it has been shown. */
let server: Flow["server"] = { name: "the server", url_origin: "" };

function start(): void {
  const token = linkToken();
  if (token === null) return askProof();
  isPasted = false;
  proof = { Authorization: `Keyward-Temp-Token ${token}` };
  void load();
}

function askProof(problem: HTMLElement | null = null): void {
  const { element } = buildForm({
    fields: [KEY_FIELD],
    confirmation: null,
    button: "Continue",
    submit(values) {
      const key = values.get(KEY_FIELD.name) ?? "";
      isPasted = true;
      proof = key.startsWith("kw_") ? { Authorization: `Bearer ${key}` } : { "Keyward-Session": key };
      void load();
    },
  });
  show(
    "Is this link yours?",
    problem,
    paragraph(
      "Paste the Keyward key that your MCP client uses, to prove that this link is yours. It is not stored by this page.",
    ),
    element,
    el("p", { class: "hint" }, "Did you reload the page? Open the link from your client again."),
  );
  problem?.focus();
}

/** Asks for the flow and shows its form. `problem` is why the last submission failed. */
async function load(problem?: Refusal): Promise<void> {
  const isCurrent = show("Opening your link");
  const { body: flow, error } = await ask<Flow>(proof, "");
  if (!isCurrent()) return;
  if (error) return refuse(error, problem);
  server = flow.server;
  if (flow.state === "verifying") return follow(false);
  showForm(flow, problem);
}

function refuse(error: Refusal, problem?: Refusal): void {
  const { status, message } = error;
  if (isLater(error)) return offline(message, () => void load(problem));
  // The proof may have died with the success whose answer was lost.
  if (problem === LOST) return closeLink("Your values may be stored", "The answer was lost on its way.", CALL_AGAIN);
  if (status !== 404) {
    return askProof(problemBox(isPasted ? "That is not the right key" : "The link alone is not enough", message));
  }
  if (problem) return closeLink("This link is closed", problem.message);
  const retry = isPasted ? actionButton("Try another key", () => askProof()) : null;
  closeLink("This link cannot be used", "It is unknown, expired, already used, or not yours.", NEW_LINK, retry);
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
  const isOwner = flow.proof === "virtual_key" || flow.proof === "session";
  const form = buildForm({
    fields,
    confirmation: isOwner ? null : confirmation(flow),
    button: "Verify and store",
    submit: (values) => void submit(values),
  });
  const box = problem ? describe(problem, flow.attempts_left) : null;
  show(
    el("span", {}, credential ? "Change your values for " : "Connect to ", name(server.name)),
    box,
    ...facts(flow),
    credential ? paragraph(stateOf(credential)) : null,
    form.element,
    countdown(flow, renew, () => closeLink("This link has expired", "What stood in the form was not sent.")),
  );
  box?.focus();
  const { field, fields: missing = field ? [field] : [] } = problem?.details ?? {};
  if (problem && missing.length > 0) form.fail(new Map(missing.map((key) => [key, problem.message])));
}

function confirmation(flow: Flow): HTMLElement {
  return el(
    "span",
    {},
    "I asked for this link. These values will be used for ",
    identityOf(flow),
    " whenever it calls ",
    name(flow.server.name),
    ".",
  );
}

function stateOf({ status, updated_at: at }: { status: string; updated_at: number }): string {
  const stored = `Your values of ${date(at)}`;
  if (status === "rejected") return `${stored} are refused by the server now. Enter new ones.`;
  return status === "needs_update"
    ? `${stored} are no longer enough.`
    : `${stored} stay in use until new ones are accepted.`;
}

function describe(problem: Refusal, attemptsLeft: number): HTMLElement {
  const again = "The form is empty again, for safety.";
  if (problem === LOST) return problemBox("Nothing was stored", `The connection broke. ${again}`);
  if (problem.code !== "upstream_rejected") return problemBox("That did not work", problem.message, again);
  const left = attemptsLeft === 1 ? "1 attempt is left" : `${attemptsLeft} attempts are left`;
  return problemBox("The server refused these values", `Nothing was stored; ${left}.`, again);
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
  show(
    el("span", { class: "done" }, name(server.name), " is connected"),
    strength ? paragraph(strength) : null,
    paragraph("You can close this page and go back to your client."),
  );
}

// A page in the back/forward cache would come back with what was typed.
addEventListener("pagehide", () => {
  for (const form of document.forms) form.reset();
});
addEventListener("hashchange", start);
start();
