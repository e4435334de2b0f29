import type { Identity } from "../../core/identity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { ChangedList } from "../../core/list-change.ts";
import type { ListChanges } from "../all/list-changes.ts";
import type { RpcId } from "../jsonrpc.ts";
import { RESERVED_META } from "../negotiate.ts";
import type { EventStream } from "./event-stream.ts";

const SUBSCRIPTION_ID = `${RESERVED_META}subscriptionId`;

/** What a client can ask to be told of, by the notification that tells it (2026-07-28, `subscriptions/listen`). */
const LIST_FILTERS: Readonly<Record<ChangedList, string>> = {
  tools: "toolsListChanged",
  prompts: "promptsListChanged",
  resources: "resourcesListChanged",
};

/** The notification that says that a list has changed. */
export function listChanged(list: ChangedList): JsonObject {
  return { jsonrpc: "2.0", method: `notifications/${list}/list_changed` };
}

/**
 * Serves a subscription on a stream of its own: what is wanted is acknowledged first, then told as it happens, each
 * message under the subscription's id. Ends with the stream.
 * @param wanted `params.notifications` of the request
 */
export function serveSubscription(
  stream: EventStream,
  request: { readonly id: RpcId; readonly identity: Identity; readonly wanted: JsonValue | undefined },
  changes: Pick<ListChanges, "subscribe">,
): void {
  const asked = isJsonObject(request.wanted) ? request.wanted : {};
  const lists = (Object.keys(LIST_FILTERS) as ChangedList[]).filter((list) => asked[LIST_FILTERS[list]] === true);
  const meta: JsonObject = { [SUBSCRIPTION_ID]: request.id };
  const honoured = Object.fromEntries(lists.map((list) => [LIST_FILTERS[list], true]));
  const tell = (method: string, params: JsonObject): void =>
    void stream.send(JSON.stringify({ jsonrpc: "2.0", method, params: { ...params, _meta: meta } }));

  tell("notifications/subscriptions/acknowledged", { notifications: honoured });
  const stop = changes.subscribe(request.identity, (changed) => {
    for (const list of lists) {
      if (changed.includes(list)) tell(`notifications/${list}/list_changed`, {});
    }
  });
  void stream.closed.then(stop);
}
