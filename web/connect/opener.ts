import type { Field, Flow, Me } from "./api.ts";
import { type Child, el, name } from "./dom.ts";
import { identityOf, who } from "./facts.ts";
import { buildForm } from "./form.ts";
import { actionButton, paragraph, show } from "./view.ts";

const KEY_FIELD: Field = {
  name: "key",
  label: "Virtual key",
  display_name: "Virtual key",
  help: "It starts with kw_. If your client names a session instead, paste that. This page does not store it.",
  help_url: null,
  secret: true,
  required: true,
  pattern: null,
  pattern_hint: null,
  choices: null,
  template: null,
  on_file: false,
  outdated: false,
};

/** The sign-in, which leads back to this link. */
function signInLink(): HTMLElement {
  const next = encodeURIComponent(location.pathname);
  return el("a", { class: "button main", href: `/sign-in?next=${next}` }, "Sign in");
}

/** Asks whoever has proven nothing yet to do so. `problem` is why the last proof did not do. */
export function askProof(options: {
  readonly maySignIn: boolean;
  readonly problem: HTMLElement | null;
  readonly take: (key: string) => void;
}): void {
  const { maySignIn, problem, take } = options;
  const { element } = buildForm({
    fields: [KEY_FIELD],
    button: el("button", { class: maySignIn ? "" : "main" }, "Continue"),
    submit: (values) => take(values.get(KEY_FIELD.name) ?? ""),
  });
  show(
    "Is this link yours?",
    problem,
    maySignIn
      ? paragraph("Sign in, if that is how your MCP client came to Keyward. If it uses a virtual key, paste that.")
      : paragraph("Paste the virtual key that your MCP client uses, to show that this link is yours."),
    maySignIn ? signInLink() : null,
    maySignIn ? el("p", { class: "or" }, "or") : null,
    element,
    el("p", { class: "hint" }, "Did you reload the page? Then open the link from your client again."),
  );
  problem?.focus();
}

/** Whether the values become those of the one who proved to be the opener. */
export function isOwn({ proof, identity }: Flow): boolean {
  return proof === "user" ? identity.auth_mode === "user" : proof === "virtual_key" || proof === "session";
}

/**
 * Asks, before anything can be typed, whoever opened a link without being the one it was made for. A person who was
 * sent somebody else's link would give their key to that somebody.
 */
export function confirmOpener(
  flow: Flow,
  user: Me["user"],
  answer: { readonly go: () => void; readonly decline: () => void; readonly below: Child },
): void {
  const server = (): HTMLElement => name(flow.server.name);
  const isLink = flow.proof === "temp_token";
  show(
    isLink ? "Did you ask for this?" : el("span", {}, "Connect ", identityOf(flow), "?"),
    isLink
      ? paragraph("An MCP client wants to call ", server(), " and needs your values. Go on only if it is your client.")
      : paragraph("This link was not made for your own account, but you may fill it in."),
    who(flow, user),
    el(
      "p",
      { class: "warn" },
      "What you enter is used whenever ",
      identityOf(flow),
      " calls ",
      server(),
      ", whoever that is.",
    ),
    el(
      "div",
      { class: "actions" },
      actionButton(isLink ? "Yes, go on" : "Go on", answer.go, "main"),
      actionButton("No", answer.decline),
    ),
    answer.below,
  );
}
