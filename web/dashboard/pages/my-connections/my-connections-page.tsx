import { PageHeader } from "../../ui/page-header.tsx";

export function MyConnectionsPage() {
  return <PageHeader title="My connections" description="Every MCP server that you may use, and how it stands." />;
}
