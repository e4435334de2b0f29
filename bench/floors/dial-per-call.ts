import { startArguments } from "../measured.ts";
import { callThroughSdk, connectSdkClient, serveThroughSdk } from "./sdk-server.ts";

/* A gateway that keeps nothing: for every call it connects, initializes, calls and closes. */

const { upstream } = await startArguments<{ readonly upstream: string }>();

serveThroughSdk(async (who, params) => {
  const client = await connectSdkClient(upstream, who);
  try {
    return await callThroughSdk(client, params);
  } finally {
    await client.close();
  }
});
