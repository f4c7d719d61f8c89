// The dashboard's entry: styles first, then the application.
import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/controls.css";
import "./styles/cards.css";
import "./styles/fleet.css";
import "./styles/tables.css";
import "./styles/verdict.css";
import "uplot-css";
import "codemirror/lib/codemirror.css";
import "./styles/charts.css";
import "./styles/cluster.css";
import "./styles/lists.css";
import "./styles/states.css";
import "./styles/alerts.css";
import "./styles/app.css";
import "./styles/explore.css";
import "./styles/narrow.css";
import { createRoot } from "react-dom/client";
import { Root } from "./Root";

const host = document.getElementById("root");
if (host) createRoot(host).render(<Root />);
