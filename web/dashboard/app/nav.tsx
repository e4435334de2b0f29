import { useLocation, Link } from "wouter";
import { cx } from "../ui/class-names.ts";
import { ADMINISTRATION, isCurrent, PERSONAL, type NavItem } from "./nav-items.ts";
import { useSession } from "./session.tsx";

interface NavProps {
  /** Called when a link is followed, so that a sheet can close. */
  readonly onFollow?: () => void;
}

export function Nav({ onFollow }: NavProps) {
  const { isAdmin } = useSession();
  return (
    <nav aria-label="Main" className="grid gap-6">
      <NavList items={PERSONAL} onFollow={onFollow} />
      {isAdmin ? (
        <div>
          <h2 id="nav-administration" className="mb-1 px-2.5 text-xs font-medium text-soft">
            Administration
          </h2>
          <NavList items={ADMINISTRATION} labelledBy="nav-administration" onFollow={onFollow} />
        </div>
      ) : null}
    </nav>
  );
}

interface NavListProps {
  readonly items: readonly NavItem[];
  readonly labelledBy?: string;
  readonly onFollow: (() => void) | undefined;
}

function NavList({ items, labelledBy, onFollow }: NavListProps) {
  const [path] = useLocation();
  return (
    <ul aria-labelledby={labelledBy} className="grid gap-0.5">
      {items.map(({ href, label, icon: Icon }) => {
        const isHere = isCurrent(href, path);
        return (
          <li key={href}>
            <Link
              href={href}
              onClick={onFollow}
              aria-current={isHere ? "page" : undefined}
              className={cx(
                "flex h-8 items-center gap-2.5 rounded px-2.5 transition-colors max-lg:h-10",
                isHere ? "bg-accent-soft font-medium text-accent-strong" : "text-ink hover:bg-muted",
              )}
            >
              <Icon aria-hidden="true" className={cx("size-4 shrink-0", !isHere && "text-soft")} />
              {label}
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
