// Bundles what pages bring along: `contrib/web/bundle` runs it when a source or a version has changed, and its results are
// committed; no build runs it. A row for each bundle; `plain` ones are made besides for a program without a browser, whose
// language is ECMAScript 5 (Duktape's). dist/made-from has the hashes of what it was made from.
import {transformAsync} from "@babel/core";
import {build} from "esbuild";
import {createHash} from "node:crypto";
import {mkdirSync, readFileSync, readdirSync, existsSync, writeFileSync} from "node:fs";

const BUNDLES = [
  {name: "report", global: "holdfast_report", plain: true},
  {name: "uplot"},
];

const common = {bundle: true, format: "iife", legalComments: "none", write: false, charset: "ascii", metafile: true, outdir: "dist"};

/** The bundle of a row for browsers: its text, its style where it has one, and the packages in it. */
async function modern({name, global}, minify) {
  const made = await build({...common, entryPoints: [`src/${name}.js`], globalName: global, target: "es2020", minify});
  const packages = Object.keys(made.metafile.inputs).map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  const of = (kind) => made.outputFiles.find((file) => file.path.endsWith(kind))?.text;
  return {text: of(".js"), style: of(".css"), packages: packages.filter(Boolean)};
}

/** The same in an older language, with what that lacks. */
async function plain(row) {
  const {text} = await modern(row, false);
  const {code} = await transformAsync(text, {presets: [["@babel/preset-env", {targets: {ie: "11"}, modules: false}]], compact: false,
    sourceType: "script", configFile: false, babelrc: false});
  const made = await build({...common, stdin: {contents: `import "./src/lacking.js";\n${code}\nglobalThis.${row.global} = ${row.global};`,
    resolveDir: "."}, target: "es5", minify: true});
  const packages = Object.keys(made.metafile.inputs).map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return {text: made.outputFiles[0].text, packages: packages.filter(Boolean)};
}

/** What a package is, and under which licence, word for word. */
function licence(name) {
  const folder = `node_modules/${name}`;
  const {version, license} = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  const text = file === undefined ? "" : readFileSync(`${folder}/${file}`, "utf8").trim();
  return `${name} ${version}: ${license}\n\n${text}\n`;
}

mkdirSync("dist", {recursive: true});
const packages = new Set();
for (const row of BUNDLES) {
  const all = [["", await modern(row, true)], ...(row.plain ? [["-plain", await plain(row)]] : [])];
  for (const [suffix, made] of all) {
    writeFileSync(`dist/${row.name}${suffix}.js`, made.text);
    if (made.style !== undefined) writeFileSync(`dist/${row.name}${suffix}.css`, made.style);
    made.packages.forEach((name) => packages.add(name));
  }
}
const line = `\n${"-".repeat(80)}\n\n`;
writeFileSync("dist/LICENSES.txt", [...packages].sort().filter((name) => existsSync(`node_modules/${name}`)).map(licence).join(line));

const sources = ["bundle.js", "package-lock.json", ...readdirSync("src").sort().map((file) => `src/${file}`)];
const hash = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");
writeFileSync("dist/made-from", sources.map((file) => `${hash(file)}  ${file}\n`).join(""));
