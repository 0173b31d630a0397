"""The handlers of the pages: one small file a page or a group of pages."""
