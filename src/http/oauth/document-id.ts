/** A client that is known by the https URL of its metadata document, rather than by a registration. */
export function isDocumentId(clientId: unknown): clientId is string {
  return typeof clientId === "string" && clientId.startsWith("https://");
}
