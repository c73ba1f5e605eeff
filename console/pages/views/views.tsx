/** Views: what there is, and the rows of one. */

import { useSegments } from "../../store/location.ts";
import { OneView } from "./one.tsx";
import { ViewList } from "./list.tsx";
import "./views.css";

export function ViewsPage() {
  const [name] = useSegments();
  return name === undefined ? <ViewList /> : <OneView key={name} name={name} />;
}
