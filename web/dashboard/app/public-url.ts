function read(): URL {
  const stated = document.querySelector<HTMLMetaElement>("meta[name='keyward-url']")?.content ?? "";
  return new URL(URL.canParse(stated) ? stated : location.origin);
}

const url = read();

/** Where clients reach this Keyward, as its administrator has configured it; without a slash at the end. */
export const PUBLIC_URL = url.href.replace(/\/+$/, "");

/** Clients refuse to sign in through the browser where the way there is not encrypted, except on this machine. */
export const CAN_SIGN_IN_CLIENTS =
  url.protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
