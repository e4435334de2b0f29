import { ButtonLink } from "../../ui/button.tsx";
import { PageHeader } from "../../ui/page-header.tsx";

export function NotFoundPage() {
  return (
    <>
      <PageHeader title="There is nothing here" description="The address is wrong, or it is not for your account." />
      <ButtonLink href="/">Go to My connections</ButtonLink>
    </>
  );
}
