import { useQuery } from "@tanstack/react-query";
import type { Server } from "../app/admin-shapes.ts";
import { allServers } from "./server-api.ts";

/** Servers by name, for choices and to call them by their names; empty until they are known. */
export function useAllServers(): readonly Server[] {
  const servers = useQuery({ queryKey: ["servers", "all"], queryFn: ({ signal }) => allServers(signal) });
  return servers.data ?? [];
}
