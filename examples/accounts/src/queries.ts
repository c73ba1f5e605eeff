import { createWorker } from "headspring/runtime";
import { app } from "./app.ts";
export default createWorker(app);
