import { createWorker, objects } from "headspring/runtime";
import { app } from "./app.ts";
import { routes } from "./routes.ts";

const store = createWorker(app, { console: true });
export default { ...store, fetch: routes(store).fetch };
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
