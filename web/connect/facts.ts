import type { Flow, Me } from "./api.ts";
import { type Child, clean, el, name } from "./dom.ts";
import { ago } from "./time.ts";

/** Where the values go, in large type: what a person checks before typing a secret. */
export function plate(origin: string): HTMLElement {
  // Broken after a dot when it must be, so that the end of the host, which says whose it is, stays readable.
  const [scheme = "", ...parts] = clean(origin, 300).split(/(?<=\/\/|\.)/);
  const isPlain = scheme === "http://";
  return el(
    "div",
    { class: "plate" },
    el("p", {}, "Your values are sent to this address and nowhere else"),
    el("strong", {}, el("bdi", {}, el("span", {}, scheme), ...parts.flatMap((part) => [el("wbr", {}), part]))),
    isPlain ? el("p", {}, "The way there is not encrypted (http).") : null,
  );
}

export function identityOf({ identity: { auth_mode: mode, id, name: given } }: Flow): HTMLElement {
  return el("span", {}, `${clean(mode, 20).replace("_", " ")} `, name(given ?? id, 64));
}

/** Whose the values become, and who asked for them when. */
export function who(flow: Flow, user: Me["user"], ...more: readonly HTMLElement[]): HTMLElement {
  const { requested_by: by, now } = flow;
  const client = [by.client_name, by.client_version].filter((part) => part !== null).join(" ");
  return el(
    "dl",
    {},
    ...(user ? fact("Signed in as", name(user.name), ` (${clean(user.email, 100)})`) : []),
    ...fact("Used for", identityOf(flow)),
    ...fact(
      "Asked by",
      ...(client ? [name(client), ", as it calls itself"] : ["a client that gave no name"]),
      ...(by.address ? [", from ", name(by.address, 64)] : []),
      `, ${ago(flow.requested_at, now)}`,
    ),
    ...more,
  );
}

/** The same, with what is sent besides and what is there already. */
export function facts(flow: Flow, user: Me["user"]): HTMLElement {
  const { static_header_names: others, credential, now } = flow;
  return who(
    flow,
    user,
    ...(others.length > 0 ? fact("Also sent", name(others.join(", "), 300), ", set by the administrator") : []),
    ...(credential ? fact("On file", ...setWhen(credential, now)) : []),
  );
}

function setWhen({ updated_at: at, set_from: from }: NonNullable<Flow["credential"]>, now: number): Child[] {
  const places = [from?.client ?? "", from?.address ?? ""].filter((place) => place !== "");
  return [`set ${ago(at, now)}`, ...(places.length > 0 ? [" from ", name(places.join(", "), 150)] : [])];
}

function fact(term: string, ...description: readonly Child[]): HTMLElement[] {
  return [el("dt", {}, term), el("dd", {}, ...description)];
}
