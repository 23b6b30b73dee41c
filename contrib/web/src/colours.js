// Colours by name: of the page, of a light file of its own, and of the states of a node. A figure uses names alone.
export const LIGHT = {
  paper: "#ffffff", ink: "#1b1f24", muted: "#6a737d", axis: "#9aa2ab", grid: "#e6e9ec", fault: "#c0392b",
  c0: "#2563a8", c1: "#d9730d", c2: "#2a8a5b", c3: "#b03a6a", c4: "#7257b5", c5: "#0e8c9b", c6: "#a67c00", c7: "#c4483f",
  c8: "#5b6ee1", c9: "#7a7f87",
};
export const DARK = {
  paper: "#14171b", ink: "#e4e7ea", muted: "#98a1ab", axis: "#626b75", grid: "#2a2f36", fault: "#ff7b6b",
  c0: "#6aa9ea", c1: "#f0a04b", c2: "#5cc492", c3: "#ea7fa9", c4: "#ab94ea", c5: "#4cc3d0", c6: "#dcb53c", c7: "#f0857c",
  c8: "#93a2ff", c9: "#a6adb6",
};
export const STATE_COLOURS = {
  ready: "var(--c2)", placed: "var(--c5)", degraded: "var(--c6)", placing: "var(--c0)", claiming: "var(--c4)", recovering: "var(--c1)",
  fresh: "var(--c8)", starting: "var(--axis)", leaving: "var(--c3)", left: "var(--grid)", blocked: "var(--c7)", down: "var(--muted)",
};

/** The variables of a page, as declarations of CSS. */
export const variables = (colours) => Object.entries(colours).map(([name, value]) => `--${name}:${value}`).join(";");
