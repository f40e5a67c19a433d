import { render } from "solid-js/web";
import "../shared/theme.css";
import "./styles/shell.css";
import "./styles/picker.css";
import "./styles/charge.css";
import "./styles/account.css";
import { App } from "./App";

const page = document.getElementById("page");
if (page) {
  render(() => <App />, page);
}
