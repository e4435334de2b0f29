import { LinkTabs } from "../../ui/tabs.tsx";

/** People and groups are two pages that belong together. */
export function PeopleTabs() {
  return (
    <LinkTabs
      label="People and groups"
      links={[
        ["/people", "People"],
        ["/people/groups", "Groups"],
      ]}
    />
  );
}
