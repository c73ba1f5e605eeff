/** Stores: the figures of this one as pictures, what its use costs, where it lies, and the others. */

import { Page } from "../../parts/page.tsx";
import { storeName } from "../../store/store.ts";
import { whyNot } from "../../store/rights.ts";
import { Cost } from "./cost.tsx";
import { Health } from "./health.tsx";
import { Others, Place } from "./list.tsx";
import { useMetrics } from "./use-metrics.ts";

export function StoresPage() {
  const metrics = useMetrics();
  const isAdmin = whyNot("admin") === undefined;
  return (
    <Page title={`Store ${storeName}`}>
      <Health of={metrics} />
      <Cost samples={metrics.value} />
      {isAdmin ? <Place /> : null}
      {isAdmin ? <Others /> : null}
    </Page>
  );
}
