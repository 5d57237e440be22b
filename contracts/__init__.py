"""A contract test kit for clients, receivers and servers of the Runware video API.

What it is made of may be used by itself:

- `strategies` draws what schemas allow: `valid_tasks(model)`, `values(schema)`, `texts`, `web_addresses`, `pictures`;
- `stage.Stage` plays a task with a client and returns a `recording.Recording` of what was said, and what came of it;
- `recorder.Recorder` writes down what any ASGI application is asked and answers;
- `checks.CHECKS` holds the duties by name: each finds what breaks it in a recording;
- `runner.Runner` searches for broken duties, and `reports.FORMATS` word what it found.
"""
