"""How Sphinx builds the manual: `make docs`; every warning is an error."""

project = "Hostaway Message Database"
html_title = project
extensions = ["myst_parser"]
html_theme = "furo"
myst_heading_anchors = 4
myst_links_external_new_tab = False
nitpicky = True
pygments_style = "sphinx"
# Nothing is asked of another computer while the manual is read.
html_theme_options = {"top_of_page_buttons": []}
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
