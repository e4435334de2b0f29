import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { selfSigned } from "../upstream/self-signed.ts";

/** A web site with a certificate that this process trusts, as the host of a client has it. */
export interface Site {
  readonly port: number;
  /** Paths that were asked for, in their order. */
  readonly paths: string[];
  /** DNS that knows no host but this one. */
  readonly resolve: () => Promise<readonly { readonly address: string; readonly family: number }[]>;
  publish(path: string, body: object): void;
  unpublish(path: string): void;
  close(): Promise<void>;
}

export async function openSite(host: string): Promise<Site> {
  const { key, cert } = selfSigned(host);
  const published = new Map<string, string>();
  const paths: string[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    const path = request.url ?? "";
    paths.push(path);
    const body = published.get(path);
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const trusted = getCACertificates("default");
  setDefaultCACertificates([...trusted, cert]);
  return {
    port: (server.address() as AddressInfo).port,
    paths,
    resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
    publish: (path, body) => void published.set(path, JSON.stringify(body)),
    unpublish: (path) => void published.delete(path),
    close() {
      setDefaultCACertificates(trusted);
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}
