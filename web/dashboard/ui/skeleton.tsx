/** In the place of rows that are being loaded. */
export function SkeletonRows({ rows = 4, label = "Loading" }: { readonly rows?: number; readonly label?: string }) {
  return (
    <div role="status" className="overflow-hidden rounded-md border border-line bg-surface">
      <span className="sr-only">{label}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex items-center gap-4 border-b border-line p-4 last:border-b-0">
          <div className="grid grow gap-2">
            <div className="h-3.5 w-2/5 max-w-56 animate-pulse rounded bg-muted" />
            <div className="h-3 w-3/5 max-w-80 animate-pulse rounded bg-muted" />
          </div>
          <div className="h-5 w-20 animate-pulse rounded-full bg-muted" />
        </div>
      ))}
    </div>
  );
}
