import { Component, type ReactNode } from "react";
import { ErrorState } from "../ui/error-state.tsx";

interface Props {
  readonly children: ReactNode;
}

interface State {
  readonly error: Error | null;
}

/**
 * Catches what a page throws while it is drawn, and code that is not there any more: after an update of Keyward an open
 * page still asks for the files of the version before.
 */
export class PageBoundary extends Component<Props, State> {
  override readonly state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === null ? this.props.children : <ErrorState error={error} retry={() => location.reload()} />;
  }
}
