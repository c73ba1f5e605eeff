/** The console: mounts the frame. */

import { render } from "preact";
import { Frame } from "./frame/frame.tsx";
import "./style/base.css";
import "./style/frame.css";
import "./style/parts.css";

render(<Frame />, document.getElementById("console")!);
