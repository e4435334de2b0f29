import {
  AppWindow,
  KeyRound,
  Link2,
  Plug,
  ScrollText,
  Server,
  Settings,
  Terminal,
  Users,
  type LucideIcon,
} from "lucide-react";

export interface NavItem {
  readonly href: string;
  readonly label: string;
  readonly icon: LucideIcon;
}

export const PERSONAL: readonly NavItem[] = [
  { href: "/", label: "My connections", icon: Plug },
  { href: "/connect-a-client", label: "Connect a client", icon: Terminal },
  { href: "/keys", label: "Virtual keys", icon: KeyRound },
  { href: "/apps", label: "Connected apps", icon: AppWindow },
];

export const ADMINISTRATION: readonly NavItem[] = [
  { href: "/servers", label: "Servers", icon: Server },
  { href: "/people", label: "People", icon: Users },
  { href: "/connections", label: "Connections", icon: Link2 },
  { href: "/audit", label: "Audit", icon: ScrollText },
  { href: "/settings", label: "Settings", icon: Settings },
];

/** Also for the pages below: `/servers/srv_1` belongs to Servers. */
export function isCurrent(href: string, path: string): boolean {
  return path === href || (href !== "/" && path.startsWith(`${href}/`));
}
