"""The commands themselves; `keys.py` makes bindings, footer, palette, help and README of them."""

from __future__ import annotations

from hubtui.tui.command import FROM_PROBLEM, MOVING, PANES, READING, Command
from hubtui.tui.commands_metrics import OF_METRICS

COMMANDS: tuple[Command, ...] = (
    *(
        Command(
            f"focus-{name}",
            (str(number),),
            name.capitalize(),
            f"Go to the pane {name.capitalize()}",
            "Panes",
            ("panes",),
            footer="pane",
            weight=40,
            call=f"focus_pane({number})",
        )
        for number, name in PANES
    ),
    Command("next-pane", ("tab",), "Next pane", "Go to the next pane", "Panes", ("panes",)),
    Command(
        "previous-pane", ("shift+tab",), "Previous pane", "Go to the pane before", "Panes",
        ("panes",),
    ),
    Command(
        "next-part", ("tab",), "Next part", "Go to the next part of the screen", "Panes",
        ("plan", "problems", "orphans", "alerts", "leftovers", "sources", "recover", "upgrade",
         "culling", "draining", "form", "prepull", "promql"),
        footer="parts", weight=66, palette=False,
    ),
    Command(
        "previous-part", ("shift+tab",), "Previous part", "Go to the part before", "Panes",
        ("plan", "problems", "orphans", "alerts", "leftovers", "sources", "recover", "upgrade",
         "culling", "draining", "form", "prepull", "promql"),
        palette=False,
    ),
    Command("overview", ("0",), "Overview", "Show all panes", "Panes", ("panes",)),
    Command(
        "zoom", ("z",), "Zoom", "Give the pane the whole screen, or give it back", "Panes",
        ("panes",),
    ),
    Command(
        "up", ("up", "k"), "Up", "One line up", "Moving", MOVING,
        footer="move", weight=15, palette=False,
    ),
    Command(
        "down", ("down", "j"), "Down", "One line down", "Moving", MOVING,
        footer="move", weight=15, palette=False,
    ),
    Command("top", ("g", "home"), "First line", "To the first line", "Moving", MOVING,
            palette=False),
    Command("bottom", ("G", "end"), "Last line", "To the last line", "Moving", MOVING,
            palette=False),
    Command("half-down", ("ctrl+d",), "Half a page down", "Half a page down", "Moving", MOVING,
            palette=False),
    Command("half-up", ("ctrl+u",), "Half a page up", "Half a page up", "Moving", MOVING,
            palette=False),
    Command("page-down", ("pagedown",), "Page down", "A page down", "Moving", MOVING,
            palette=False),
    Command("page-up", ("pageup",), "Page up", "A page up", "Moving", MOVING, palette=False),
    Command(
        "open", ("enter",), "Details", "Show the details of the line, unfold it, or plot it",
        "Rows", ("table",), footer="details", weight=70,
    ),
    Command(
        "unfold", ("enter",), "Unfold", "Fold or unfold the resource, or show a text in full",
        "Rows", ("diff",), footer="unfold", weight=70,
    ),
    Command(
        "unfold-all", ("o",), "Unfold all", "Unfold everything, or fold it as at first", "Rows",
        ("diff",), footer="unfold all", weight=22,
    ),
    Command(
        "find", ("slash",), "Search", "Search in the diff, in what is folded too", "Rows",
        ("diff",), footer="search", weight=60,
    ),
    Command(
        "override", ("enter",), "Override", "Pass a check that says stop, or stop again", "Rows",
        ("checks",), footer="override", weight=70,
    ),
    Command(
        "choose", ("enter", "space"), "Choose", "Take the choice under the cursor", "Rows",
        ("choices",), footer="choose", weight=70,
    ),
    Command(
        "filter", ("slash",), "Filter", "Show only what matches: text, role: node: user: status:, "
        "for users state: profile: server: too, for nodes pool: state: zone: type:, for storage "
        "claim: phase: class: disk:, for metrics group: source:", "Rows",
        ("panes-rows", "logs", "events", "leftovers", "dashboards", "variables", "promql",
         "queries"),
        footer="filter", weight=60,
    ),
    Command(
        "mark", ("space",), "Mark", "Mark the line, or take the mark away", "Rows", ("table",),
        footer="mark", weight=30,
    ),
    Command("sort", ("s",), "Sort", "Sort by the next column", "Rows",
            ("panes-rows", "promql")),
    Command("reverse", ("S",), "Reverse", "Turn the order round", "Rows",
            ("panes-rows", "promql")),
    Command(
        "logs", ("l",), "Logs", "Follow the logs of the pod, the role, the marked pods, or those "
        "that mount a claim", "Rows", ("pods", "users", "storage", "details", "problems"),
        footer="logs", weight=65,
    ),
    Command(
        "why", ("w",), "Why", "What explains a pod that is not up, or a role's pods; why a node "
        "stays; why a claim is not bound; what a metric means; what a panel asks", "Rows",
        ("pods", "nodes", "users", "storage", "metrics", "plot", "dashboard", "details",
         "problems", "orphans"),
        footer="why", weight=64,
    ),
    Command(
        "events", ("e",), "Events", "The events of the object, or of the namespace", "Rows",
        ("pods", "nodes", "users", "storage", "releases", "details", "events", "problems"),
        footer="events",
        weight=54,
    ),
    Command(
        "yaml", ("y",), "YAML", "The object as YAML, secrets masked", "Rows",
        ("pods", "nodes", "users", "storage", "details"), footer="yaml", weight=29,
    ),
    Command(
        "diff", ("d",), "Diff",
        "Compare the marked revisions, this one with the current, or the current with the cluster",
        "Rows", ("releases",), footer="diff", weight=55,
    ),
    Command(
        "other-side", ("d",), "With the cluster",
        "Compare the revision with the cluster, or with the current revision again", "Reading",
        ("compared",), footer="with the cluster, or not", weight=58,
    ),
    Command(
        "copy", ("c",), "Copy", "Copy to the terminal's clipboard (OSC 52)", "Rows",
        ("panes-rows", "events", "plan", "problems", "orphans", "alerts", "leftovers", "plot",
         "dashboard", "sources", "recover", "draining", "promql", *READING),
        footer="copy", weight=20,
    ),
    Command(
        "next-change", ("n",), "Next", "Next change or match", "Reading", ("diff", "logs"),
        footer="next, previous", weight=35,
    ),
    Command(
        "previous-change", ("N",), "Previous", "Previous change or match", "Reading",
        ("diff", "logs"),
        footer="next, previous", weight=35,
    ),
    Command(
        "values-only", ("v",), "Values only", "Show only the values, or everything", "Reading",
        ("diff",), footer="values only", weight=25,
    ),
    Command(
        "follow", ("f",), "Follow", "Follow the log, or stop following", "Reading", ("logs",),
        footer="follow", weight=45,
    ),
    Command(
        "previous-log", ("p",), "Previous log", "The log of the container before its last restart",
        "Reading", ("logs",), footer="previous", weight=44,
    ),
    Command(
        "since", ("t",), "Since", "The last lines, 10 minutes, an hour, or all there is",
        "Reading", ("logs",), footer="since", weight=43,
    ),
    Command(
        "highlight", ("h",), "Highlight", "Show all lines with the matches marked, or only those",
        "Reading", ("logs",), footer="highlight", weight=28,
    ),
    Command(
        "next-container", ("tab",), "Next container", "The log of the pod's next container",
        "Reading", ("logs",), footer="container", weight=27,
    ),
    Command(
        "wrap", ("W",), "Wrap", "Let long lines go on in the next row, or cut them", "Reading",
        ("logs",), footer="wrap", weight=26,
    ),
    Command(
        "stamps", ("T",), "Times", "Show the time of each line, or hide it", "Reading",
        ("logs",), footer="times", weight=24,
    ),
    Command(
        "sources", ("i",), "Sources", "Where numbers are from, and the cure for what is missing",
        "Rows", ("metrics",), footer="sources", weight=53,
    ),
    Command(
        "look-back", ("t",), "Look back", "The past of an hour, 6 hours, a day or 7 days", "Rows",
        ("metrics",), footer="look back", weight=52,
    ),
    *OF_METRICS,
    Command(
        "save", ("ctrl+s",), "Save", "Save what is shown to a new file: text, CSV or JSON",
        "Reading",
        ("panes-rows", "logs", "diff", "details", "operations", "events", "problems", "orphans",
         "alerts", "leftovers", "plot", "dashboard", "promql"),
        footer="save", weight=13,
    ),
    Command(
        "keep-name", ("enter",), "Save", "Save under this name", "Saving", ("save",),
        footer="save", weight=70, palette=False,
    ),
    Command(
        "drop-name", ("escape",), "Cancel", "Save nothing and go back", "Saving", ("save",),
        footer="cancel", weight=75, palette=False,
    ),
    Command(
        "rollback", ("r",), "Roll back", "Roll back to the selected revision: a plan first",
        "Changing", ("releases", "drift", "progress", *FROM_PROBLEM), footer="roll back", weight=50,
        danger=True,
    ),
    Command(
        "upgrade", ("u",), "Upgrade", "Upgrade the hub's release: values, chart or image, a "
        "plan first", "Changing", ("releases", *FROM_PROBLEM), footer="upgrade", weight=51,
        danger=True,
    ),
    Command(
        "recover", ("R",), "Recover", "Free a release that stays pending: the ways out first",
        "Changing", ("releases", "progress", *FROM_PROBLEM), footer="recover", weight=49,
        danger=True,
    ),
    Command(
        "restart", ("B",), "Restart", "Restart hub, proxy, autohttps or user-scheduler: a plan "
        "first", "Changing", ("pods", *FROM_PROBLEM), footer="restart", weight=48, danger=True,
    ),
    Command(
        "cordon", ("o",), "Cordon", "Cordon the node, the pod's, or the one that a hook waits "
        "for; uncordon one that is cordoned: a plan first", "Changing",
        ("pods", "nodes", "node", "progress", "pullers", *FROM_PROBLEM), footer="cordon",
        weight=46, danger=True,
    ),
    Command(
        "drain", ("D",), "Drain", "Drain the node: who is hit, where they fit, and the ways first",
        "Changing", ("nodes", "node", "progress", *FROM_PROBLEM), footer="drain", weight=43,
        danger=True,
    ),
    Command(
        "scale-placeholders", ("P",), "Placeholders", "How many placeholders hold room, and at "
        "which user the next node comes: a plan first", "Changing", ("nodes",),
        footer="placeholders", weight=40, danger=True,
    ),
    Command(
        "expand", ("E",), "Expand", "Make the claim larger: sizes first, then a plan", "Changing",
        ("storage", "claim", *FROM_PROBLEM), footer="expand", weight=48, danger=True,
    ),
    Command(
        "leftovers", ("L",), "Leftovers", "Claims without a user or server in the hub, and volumes "
        "whose claim is gone", "Rows", ("storage",), footer="leftovers", weight=42,
    ),
    Command(
        "read-anew", ("r",), "Read anew", "Read claims, pods and all users of the hub anew, ask "
        "the sources of numbers, or a dashboard's queries", "Rows",
        ("leftovers", "sources", "dashboards", "dashboard"), footer="read anew", weight=41,
    ),
    Command(
        "delete-claim", ("X",), "Delete claim", "Delete the marked claims, or the one under the "
        "cursor: a plan first", "Changing", ("leftovers", "storage", "claim"), footer="delete",
        weight=47, danger=True,
    ),
    Command(
        "delete-pod", ("X",), "Delete pod", "Delete the pod under the cursor, a stuck one: a plan "
        "first", "Changing", ("pods", *FROM_PROBLEM), footer="delete", weight=47, danger=True,
    ),
    Command(
        "interrupt", ("i",), "End early", "Have an operation begin nothing more; what is under "
        "way is followed to its end", "Changing", ("progress",), footer="end early", weight=52,
    ),
    Command(
        "stop", ("x",), "Stop", "Stop the marked servers, or the one under the cursor: a plan "
        "first", "Changing", ("users", "user", *FROM_PROBLEM), footer="stop", weight=53,
        danger=True,
    ),
    Command(
        "cull", ("C",), "Cull", "Stop the servers that are idle for a time that is asked for: a "
        "plan first", "Changing", ("users",), footer="cull", weight=52, danger=True,
    ),
    Command(
        "start", ("b",), "Start", "Start (begin) a server for the user: a plan first", "Changing",
        ("users", "user"), footer="start", weight=44, danger=True,
    ),
    Command(
        "spawn-check", ("K",), "Spawn check", "Start a server as a canary, measure each part of "
        "its spawn, and stop it again: a plan first", "Changing", ("users", "user"),
        footer="spawn check", weight=42, danger=True,
    ),
    Command(
        "maintenance", ("M",), "Maintenance", "Stop all servers in batches, or go on with a "
        "maintenance that was ended early: a plan first", "Changing",
        ("users", "progress", *FROM_PROBLEM),
        footer="maintenance", weight=41, danger=True,
    ),
    Command(
        "prepull", ("p",), "Prepull", "Pull images to the nodes beforehand: which ones first, then "
        "a plan", "Changing", ("nodes", "node", "plan", *FROM_PROBLEM), footer="prepull", weight=45,
        danger=True,
    ),
    Command(
        "prepull-plan", ("p",), "Plan", "The plan to pull what is marked and typed", "Changing",
        ("prepull",), footer="plan", weight=71, palette=False,
    ),
    Command(
        "prepull-clean", ("X",), "Take away", "Delete what earlier prepulls have left: a plan "
        "first", "Changing", ("prepull",), footer="take away what is left", weight=47, danger=True,
    ),
    Command(
        "what-if", ("t",), "What if", "What another timeout of the culler would stop now",
        "Reading", ("users",), footer="what if", weight=51,
    ),
    Command(
        "all-users", ("A",), "All users", "Show all users, or only those with a server", "Reading",
        ("users",), footer="all users", weight=43,
    ),
    Command(
        "ask-timeout", ("enter",), "Ask", "Tell what this timeout would do", "What if",
        ("what-if",), footer="tell", weight=70, palette=False,
    ),
    Command(
        "drop-timeout", ("escape",), "Cancel", "Leave the question as it is", "What if",
        ("what-if",), footer="cancel", weight=75, palette=False,
    ),
    Command(
        "problems", ("exclamation_mark",), "Problems",
        "What is wrong: evidence, runbook, and the keys that start the fix", "Everywhere", ("app",),
        footer="problems", weight=45,
    ),
    Command(
        "sync-routes", ("P",), "Sync routes", "Have the hub set the proxy's routes anew: a plan "
        "first", "Changing", FROM_PROBLEM, footer="sync routes", weight=46, danger=True,
    ),
    Command(
        "orphans", ("O",), "Orphans", "Where hub, pods and the proxy's routes disagree",
        "Everywhere", ("app",), footer="orphans", weight=14,
    ),
    Command(
        "alerts", ("a",), "Alerts", "The alerts of Prometheus and the Alertmanager, with their "
        "rules and runbooks", "Everywhere", ("app",), footer="alerts", weight=13,
    ),
    Command(
        "promql", ("colon",), "PromQL", "Ask Prometheus a query of one's own", "Everywhere",
        ("app",), footer="PromQL", weight=12,
    ),
    Command(
        "other-hub", ("H",), "Other hub", "Choose another hub or context", "Everywhere", ("app",),
        footer="hubs", weight=18,
    ),
    Command(
        "operations", ("ctrl+e",), "Operations", "What runs, and the journal of what ran",
        "Everywhere", ("app",), footer="operations", weight=16,
    ),
    Command(
        "reconnect", ("ctrl+r",), "Reconnect", "Try the connection again now", "Everywhere",
        ("app",),
    ),
    Command(
        "back", ("escape",), "Back", "Back; what runs goes on", "Everywhere", ("screen",),
        footer="back", weight=68,
    ),
    Command(
        "help", ("question_mark",), "Help", "The keys that apply here", "Everywhere", ("app",),
        footer="help", weight=90, palette=False,
    ),
    Command(
        "palette", ("ctrl+p",), "Commands", "Find a command by its name", "Everywhere", ("app",),
        palette=False, priority=True, call="command_palette",
    ),
    Command(
        "quit", ("q", "ctrl+q", "ctrl+c"), "Quit", "Quit; asks while an operation runs",
        "Everywhere", ("app",), footer="quit", weight=80, call="ask_quit",
    ),
    Command(
        "keep-filter", ("enter", "down"), "Keep", "Keep the filter and go to the rows", "Filter",
        ("filter",), footer="keep", weight=70, palette=False,
    ),
    Command(
        "clear-filter", ("escape",), "Clear", "Clear the filter and go to the rows", "Filter",
        ("filter",), footer="clear", weight=75, palette=False,
    ),
)  # fmt: skip
