import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { cx } from "./class-names.ts";
import { Spinner } from "./spinner.tsx";

export interface Column<T> {
  readonly key: string;
  readonly header: string;
  readonly cell: (row: T) => ReactNode;
  /** Of the grid: `minmax(0, 2fr)` by default, `max-content` does not work across rows: name a length instead. */
  readonly width?: string;
  /** Its header is for screen readers only: a column of buttons or boxes. */
  readonly isBare?: boolean;
  readonly align?: "end";
}

interface DataTableProps<T> {
  /** What the rows are, for those who cannot see. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  /** The same function each time: with another one, all rows would be measured again. */
  readonly keyOf: (row: T) => string;
  readonly hasMore?: boolean;
  readonly isLoadingMore?: boolean;
  readonly onEnd?: () => void;
  /** The next page could not be loaded: it is asked for again by hand only. */
  readonly hasFailed?: boolean;
  /** What is shown belongs to other filters and is about to be replaced. */
  readonly isStale?: boolean;
}

const ROW_PX = 53;
const OVERSCAN = 12;
/** Fewer rows are all in the document, where the browser's search finds them. */
const VIRTUAL_FROM = 100;

/** The key of a row that has an id. */
export function idOf({ id }: { readonly id: string | number }): string {
  return String(id);
}

/**
 * Rows of a list of any length: only those near the window are in the document, and the next page is asked for before
 * the end is reached. On a phone each row is a card with its headers inside.
 */
export function DataTable<T>(props: DataTableProps<T>) {
  const { label, columns, rows, keyOf, hasMore = false, isLoadingMore = false, onEnd, isStale = false } = props;
  const { hasFailed = false } = props;
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const isVirtual = rows.length > VIRTUAL_FROM;

  useLayoutEffect(() => {
    setTop((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
  }, [isVirtual]);

  const getItemKey = useCallback(
    (index: number) => {
      const row = rows[index];
      return row === undefined ? index : keyOf(row);
    },
    [rows, keyOf],
  );

  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    scrollMargin: top,
    getItemKey,
    enabled: isVirtual,
  });

  const title = columns.find(({ isBare }) => isBare !== true);
  const template = columns.map(({ width }) => width ?? "minmax(0, 1fr)").join(" ");
  const row = (item: T, index: number, virtual?: { readonly start: number }) => (
    <div
      key={keyOf(item)}
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      ref={virtual ? virtualizer.measureElement : undefined}
      className={cx(
        "grid gap-y-2 border-b border-line px-4 py-3 transition-colors hover:has-[[data-row-link]]:bg-muted max-md:grid-cols-[auto_minmax(0,1fr)_auto] md:min-h-[52px] md:grid-cols-(--columns) md:items-center md:gap-x-4",
        virtual ? "absolute inset-x-0" : "relative",
      )}
      style={virtual && { transform: `translateY(${virtual.start - top}px)` }}
    >
      {columns.map((column) => (
        <Cell key={column.key} column={column} row={item} isTitle={column === title} />
      ))}
    </div>
  );

  return (
    <div
      role="table"
      aria-label={label}
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      aria-busy={isStale || isLoadingMore}
      className={cx("rounded-md border border-line bg-surface transition-opacity", isStale && "opacity-60")}
      style={{ ["--columns" as string]: template }}
    >
      <div role="rowgroup" className="max-md:sr-only">
        <div
          role="row"
          aria-rowindex={1}
          className="grid grid-cols-(--columns) gap-x-4 border-b border-line px-4 py-2.5 text-sm text-soft"
        >
          {columns.map((column) => (
            <div key={column.key} role="columnheader" className={cx("min-w-0", column.align === "end" && "text-right")}>
              <span className={cx(column.isBare && "sr-only")}>{column.header}</span>
            </div>
          ))}
        </div>
      </div>
      <div
        role="rowgroup"
        ref={body}
        className={cx("relative", !hasMore && "[&>:last-child]:border-b-0")}
        style={isVirtual ? { height: virtualizer.getTotalSize() } : undefined}
      >
        {isVirtual
          ? virtualizer.getVirtualItems().map((virtual) => {
              const item = rows[virtual.index];
              return item === undefined ? null : row(item, virtual.index, virtual);
            })
          : rows.map((item, index) => row(item, index))}
      </div>
      {hasMore && onEnd ? (
        <End after={rows.length} onReached={onEnd} isLoading={isLoadingMore} hasFailed={hasFailed} />
      ) : null}
    </div>
  );
}

interface CellProps<T> {
  readonly column: Column<T>;
  readonly row: T;
  readonly isTitle: boolean;
}

/** On a phone: the title and what is bare share the first line, and everything else has a line with its header. */
function Cell<T>({ column, row, isTitle }: CellProps<T>) {
  const { isBare = false, align, header, cell } = column;
  const place = isTitle
    ? "max-md:col-start-2 max-md:row-start-1"
    : isBare
      ? align === "end"
        ? "max-md:col-start-3 max-md:row-start-1 max-md:ml-3"
        : "max-md:col-start-1 max-md:row-start-1 max-md:mr-3"
      : "max-md:col-span-full max-md:flex max-md:items-center max-md:justify-between max-md:gap-4 max-md:text-right";
  return (
    <div role="cell" className={cx("min-w-0", place, align === "end" && "md:text-right")}>
      {isTitle || isBare ? null : (
        <span aria-hidden="true" className="shrink-0 text-sm text-soft md:hidden">
          {header}
        </span>
      )}
      {/* Buttons and boxes lie above the link that a row may be. */}
      <div className={cx("min-w-0", isBare && "relative z-1")}>{cell(row)}</div>
    </div>
  );
}

interface EndProps {
  /** How many rows stand before it. */
  readonly after: number;
  readonly onReached: () => void;
  readonly isLoading: boolean;
  readonly hasFailed: boolean;
}

/** Asks for the next page when it comes near the window; its button does the same for those who do not scroll. */
function End({ after, onReached, isLoading, hasFailed }: EndProps) {
  const mark = useRef<HTMLDivElement>(null);
  const reached = useRef(onReached);
  useEffect(() => {
    reached.current = onReached;
  });
  useEffect(() => {
    const element = mark.current;
    if (element === null || isLoading || hasFailed || after === 0) return undefined;
    // Several entries come at once when it went out of reach and back between two frames: the last one says where it is.
    const observer = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && reached.current(), {
      rootMargin: "800px",
    });
    observer.observe(element);
    return () => observer.disconnect();
    // Looked at anew after each page: one that comes and is scrolled past within a frame changes nothing that is observed.
  }, [after, isLoading, hasFailed]);
  return (
    <div ref={mark} className="flex justify-center p-2 text-sm text-soft">
      {isLoading ? (
        <span role="status" className="flex items-center gap-2 p-1.5">
          <Spinner /> Loading more
        </span>
      ) : (
        <button type="button" onClick={onReached} className="rounded p-1.5 hover:text-ink">
          {hasFailed ? "Loading more failed. Try again" : "Load more"}
        </button>
      )}
    </div>
  );
}
