import { createQueryWorker } from "headspring/runtime";
import { app } from "./app.ts";

export default createQueryWorker(app);
