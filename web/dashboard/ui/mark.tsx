/** Keyward's sign. */
export function Mark({ className = "size-6 text-accent" }: { readonly className?: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" className={className} fill="currentColor">
      <path
        fillRule="evenodd"
        d="M12 1 3 4.4V11c0 5.6 3.7 10.4 9 12 5.3-1.6 9-6.4 9-12V4.4zm0 5.8a3 3 0 0 1 1.6 5.6l.9 4.6h-5l.9-4.6A3 3 0 0 1 12 6.8z"
      />
    </svg>
  );
}
