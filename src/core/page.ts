export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; null on the last page. */
  readonly nextCursor: string | null;
}

export interface PageRequest {
  /** 1 to 500, default 50. */
  readonly limit?: number;
  /** From the previous page. @throws KeywardError `invalid_request` when it is not one of ours */
  readonly cursor?: string | null;
}
