import { HeadersProvider } from "../../src/core/headers-provider.ts";
import { Bed } from "../bed.ts";
import { addServer, openFoundations, PORTS } from "../foundations.ts";
import { quantile } from "../load.ts";
import { ratio, type Row } from "../row.ts";

const SERVER = "srv_flows";
const URL_OF_SERVER = "https://mcp.example.com/mcp";
const BASE_URL = "https://keyward.example.com";
const WHAT = "initiateUserSubmissionFlow, 1,000 concurrent for one binding";

/** A thousand people, or one impatient model, ask for the link of one binding at once. */
export const flows: Row = {
  name: "flows",
  async run({ isQuick, say }) {
    say("1,000 links of one binding at once");
    const bed = new Bed();
    const foundations = await openFoundations(await bed.deploy("SQLite"));
    try {
      await addServer(foundations, SERVER, URL_OF_SERVER);
      const { store, vault } = foundations;
      const provider = new HeadersProvider({ store, vault, ...PORTS });
      const initiate = async (identity: string): Promise<{ readonly ms: number; readonly flowId: string }> => {
        const start = performance.now();
        const { flowId } = await provider.initiateUserSubmissionFlow({
          mode: "virtual_key",
          identity,
          serverId: SERVER,
          baseUrl: BASE_URL,
        });
        return { ms: performance.now() - start, flowId };
      };
      const single: number[] = [];
      for (let i = 0; i < (isQuick ? 20 : 200); i += 1) {
        single.push((await initiate("one")).ms);
      }
      // Of the same binding as before would be no first one.
      const outcomes = await Promise.allSettled(Array.from({ length: 1_000 }, () => initiate("many")));
      const done = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      const rows = new Set(done.map(({ flowId }) => flowId)).size;
      return [
        {
          what: WHAT,
          against: "one at a time",
          figure: "p99",
          ...ratio(
            [
              quantile(
                done.map(({ ms }) => ms),
                0.99,
              ),
              quantile(single, 0.99),
            ],
            "ms",
          ),
          goal: { atMost: 50 },
        },
        { what: WHAT, against: "", figure: "rows", value: rows, unit: "", detail: "", goal: { atMost: 1 } },
        {
          what: WHAT,
          against: "",
          figure: "errors",
          value: outcomes.length - done.length,
          unit: "",
          detail: "",
          goal: { atMost: 0 },
        },
      ];
    } finally {
      await foundations.store.close();
      await bed.close();
    }
  },
};
