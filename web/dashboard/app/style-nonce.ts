/**
 * Open dialogs and menus stop the page from scrolling by a style element that a library inserts. Our policy allows it
 * by the nonce of this response; the library looks for it under the name that bundlers gave it.
 */
declare global {
  var __webpack_nonce__: string | undefined;
}

globalThis.__webpack_nonce__ = document.querySelector<HTMLMetaElement>("meta[property='csp-nonce']")?.nonce;
