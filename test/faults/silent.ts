import type { Logger } from "../../src/core/ports.ts";

export const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
