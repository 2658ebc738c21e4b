"""What results look like on paper and on a screen: pages, made of any result, written as HTML or as a workbook."""
