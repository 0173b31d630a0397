"""The door for people: server-rendered pages over the contexts' services.

`pages/` holds the handlers, one small file a page; `templates/` the Jinja templates, with the
component library in `templates/components/`; `static/dist/` what Vite built from the folder `web/`.
"""
