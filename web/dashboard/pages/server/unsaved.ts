import { createContext, useContext, useEffect, useId } from "react";

type Tell = (who: string, isUnsaved: boolean) => void;

export const UnsavedContext = createContext<Tell>(() => {});

/** Tells the page that something here would be lost, so that it asks before another tab is shown. */
export function useUnsaved(isUnsaved: boolean): void {
  const tell = useContext(UnsavedContext);
  const id = useId();
  useEffect(() => {
    tell(id, isUnsaved);
    return () => tell(id, false);
  }, [tell, id, isUnsaved]);
}
