import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { startArguments } from "../measured.ts";
import { callThroughSdk, connectSdkClient, serveThroughSdk } from "./sdk-server.ts";

/* A gateway that keeps one client of the official SDK for each key. */

const { upstream } = await startArguments<{ readonly upstream: string }>();
const clients = new Map<string, Promise<Client>>();

function clientOf(who: string): Promise<Client> {
  const known = clients.get(who) ?? connectSdkClient(upstream, who);
  clients.set(who, known);
  return known;
}

serveThroughSdk(async (who, params) => callThroughSdk(await clientOf(who), params));
